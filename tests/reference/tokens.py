"""Texts and the token ids the pipeline's tokenizer makes of them."""

import json

from golden import write_entries

TEXTS = [
    # Prompts.
    "",
    "a red apple",
    "a red apple, 3d style, on a blue background",
    "3d render of a castle",
    "flat illustration of a fox",
    "a dragon, 3d style, blue background",
    "a photo of an astronaut riding a horse on mars",
    "masterpiece, best quality, (ultra-detailed:1.2), [sketch], game icon",
    "blurry, low quality, watermark",
    "supercalifragilisticexpialidocious",
    # A small vocabulary lacks the end-of-word forms of rare letters: each becomes the unknown token.
    "jazz luv taj xyz",
    # Longer than the context: cut, and the end token stays.
    "a castle and a rocket and a cat and a robot and a mushroom and a shield and a crown and a cloud",
    "cat " * 100,
    "x" * 300,
    "the quick brown fox jumps over the lazy dog while the sun sets behind the old stone bridge, oil painting",
    # Twenty-one, twenty-two and twenty-three words: the edge of a context of twenty-four.
    " ".join(["a"] * 21),
    " ".join(["a"] * 22),
    " ".join(["a"] * 23),
    # Case.
    "A RED APPLE",
    "A Red aPPLE",
    "\u0130stanbul I\u0131",
    "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3",
    "STRASSE stra\u00dfe \u1e9e",
    # White space.
    " ",
    "   a    red     apple   ",
    "a\tred\tapple",
    "a\nred\r\napple\n",
    "a\u00a0red\u3000apple",
    "a\u2003red\u2028apple\u0085tree",
    "a\u200bred\ufeffapple\u200dtree",
    # Apostrophes.
    "don't",
    "it's they'll we've I'm you're he'd",
    "IT'S THEY'LL",
    "the fox's tail, the foxes' tails",
    "'s't're've'm'll'd",
    "rock'n'roll 'tis 'quoted'",
    "it\u2019s \u2018quoted\u2019 \u201ctwice\u201d",
    "''s !'s ,'t",
    # Punctuation.
    "!",
    "!!!",
    "hello, world!",
    "wait... what?! (really)",
    "a-b a--b a - b",
    "a_b __init__ snake_case",
    "apple,pear;plum:fig.date",
    "50% off, $9.99 & free @home #1 *star* ^up^ ~tilde~ `tick` |pipe| \\back/",
    "{curly} [square] <angle> (round)",
    "\u2014 \u2013 \u2026 \u00ab\u00bb \u00bf\u00a1",
    "&amp; &lt;b&gt; <br/>",
    "https://example.com/a?b=c&d=e",
    # Numbers.
    "0",
    "1234567890",
    "3d 2d 4k 8k 1080p mp3",
    "1,000.50",
    "\u00bd \u00b2 \u2163 \u0663",
    "1st 2nd 3rd",
    # Accents, composed and apart.
    "caf\u00e9 na\u00efve fa\u00e7ade",
    "cafe\u0301 nai\u0308ve fac\u0327ade",
    "\u00c9CLAIR \u00dcBER \u00d1AND\u00da",
    "E\u0301CLAIR U\u0308BER",
    "\u212b \u212a \ufb01sh \uff21\uff22",
    "e\u0301\u0301 \u0301",
    # Other scripts, some with marks that are not letters.
    "\u8d64\u3044\u308a\u3093\u3054",
    "\u4e00\u53ea\u72d0\u72f8, flat style",
    "\u30c9\u30e9\u30b4\u30f3",
    "\uc0ac\uacfc",
    "\u1109\u1161\u1100\u116a",
    "\u043a\u0440\u0430\u0441\u043d\u043e\u0435 \u042f\u0411\u041b\u041e\u041a\u041e",
    "\u062a\u0641\u0627\u062d\u0629 \u05ea\u05e4\u05d5\u05d7",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u0e01\u0e34\u0e48\u0e07",
    # Symbols and emoji.
    "\U0001f34e",
    "a \U0001f34e and a \U0001f98a",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f1ee\U0001f1f9",
    "\u2605\u2192\u00a9\u2122\u20ac",
    # Control characters.
    "a\u0007b\u0000c\u001bd",
    "\u007f\u0080\u009f",
    "a\u000bred\u000capple\u001capple\u001fapple",
    # The special tokens, spelt out.
    "<|endoftext|>",
    "a cat<|endoftext|>a dog",
    "<|startoftext|>a cat <|endoftext|>",
    "<|ENDOFTEXT|> <|StartOfText|>",
    "<|endoftext|>s <|endoftext |> <|endoftext",
    "cat</w> </w>",
]


def make(out, pipe):
    entries = [{"text": text, "ids": tokenise(pipe, text)[0].tolist()} for text in TEXTS]
    write_entries(out, "tokens", entries)
    (out / "tokenizer.json").write_text(json.dumps(settings(pipe), indent=2) + "\n", encoding="ascii")


def settings(pipe):
    """What transformers saves as tokenizer.json, but for what vocab.json and merges.txt hold."""
    saved = json.loads(pipe.tokenizer.backend_tokenizer.to_str())
    del saved["model"]["vocab"], saved["model"]["merges"]
    return saved


def tokenise(pipe, text):
    """As StableDiffusionPipeline.encode_prompt calls it."""
    return pipe.tokenizer(
        text,
        padding="max_length",
        max_length=pipe.tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    ).input_ids
