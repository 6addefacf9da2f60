"""CLIP's kind of tokenizer with a vocabulary of its own, learnt from the captions."""
import json
import random

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from captions import Captions
from pictures import BACKGROUNDS

LENGTH, WORDS = 24, 2800
START, END = "<|startoftext|>", "<|endoftext|>"


def learn(pictures, folder):
    """Learns the pieces of words, and writes them as CLIP's tokenizer reads them."""
    captions = Captions(pictures.concepts, pictures.synonyms)
    random.seed(0)
    corpus = [captions.draw(which, colour) for which in range(len(pictures)) for colour in BACKGROUNDS]
    corpus += [word for words in captions.synonyms.values() for word in words] * 4
    tokenizer = Tokenizer(models.BPE(unk_token=END, end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(words, "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=WORDS, min_frequency=2, end_of_word_suffix="</w>", initial_alphabet=letters, show_progress=False
    ))
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.model.save(str(folder))
    vocabulary = json.loads((folder / "vocab.json").read_text())
    # Letters that end no word of the captions may end one that is typed.
    for token in [letter + "</w>" for letter in letters] + [START, END]:
        vocabulary.setdefault(token, len(vocabulary))
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    special = dict(bos_token=START, eos_token=END, pad_token=END, unk_token=END)
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2))
    (folder / "tokenizer_config.json").write_text(json.dumps(
        dict(tokenizer_class="CLIPTokenizer", model_max_length=LENGTH, do_lower_case=True, **special), indent=2
    ))


def load(folder):
    return CLIPTokenizer.from_pretrained(folder)


def encode(tokenizer, texts):
    return tokenizer(texts, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt").input_ids
