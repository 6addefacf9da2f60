"""Prompts in the web UI's syntax."""

# Tokens of the longest prompts: words of one token each.
WORDS = "cat dog tree house river stone light water fire wind moon star cloud snow rain sand leaf bird fish".split()


def words(count):
    return " ".join(WORDS[i % len(WORDS)] for i in range(count))


def comma_at(index, count, tail=""):
    """A comma as token number `index` from 0, among `count` tokens."""
    return words(index) + ", " + words(count - index - 1) + tail


PROMPTS = [
    "",
    " ",
    "a red apple",
    "an (important) word",
    "a [minor] word",
    "a (weighty:1.3) word",
    # The example in the web UI's own source.
    "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
    # Weights.
    "(nothing:0)",
    "a (cat:0) and a (dog:2)",
    "(a:1.05), (b:1.0), (c:0.95), (d:1)",
    "(a:.5) (b:5.) (c:+1.5) (d:-1)",
    "(a:-0.5) b",
    "(a:00.10)",
    "(a: 1.3) (b:1.3 ) (c :\t1.3\n)",
    "(a:1.3:1.5)",
    "(a::1.3)",
    "(:1.3)",
    "(a:)",
    "(a:b)",
    "(a:-)",
    "(a:1.3",
    "a:1.3",
    "a:1.3)",
    "[a:1.3]",
    "(a,b:1.2),c",
    "(time 12:30) (ratio 16:9)",
    "(a:1.1) (b) c",
    "(a) (b:1.1)",
    "((a)) (b:1.21)",
    "cat(s) dog[s] un(believ)able",
    # Nested.
    "((a))",
    "(((a)))",
    "[[[a]]]",
    "([a])",
    "[(a)]",
    "((a:1.5) b:0.5)",
    "(a (b (c (d) e) f) g)",
    "(a [b (c:2) d] e)",
    "((((((((((ten))))))))))",
    "[[[[[[[[[[ten]]]]]]]]]]",
    "(a)(b)((c)(d))",
    # Unbalanced, and crossing.
    "(open",
    "a (b (c",
    "a [b [c",
    "(a [b",
    "close)",
    "a) b] c",
    "a)(b",
    "a][b",
    "(a [b) c]",
    "[a (b] c)",
    "(a (b) c",
    "((a) b",
    "()",
    "[]",
    "(())[]",
    "a()b",
    ")(",
    "((((((",
    "))))",
    ":) :( :] :[ ;)",
    # Escapes.
    r"\(a\)",
    r"\[a\] \\ \(",
    r"(\(a\):1.5)",
    r"(a\)b)",
    r"[a\]b]",
    r"(a\\)",
    r"a\b \: \c",
    "trailing \\",
    r"\\(a\\)",
    r"a(\:1.3)b",
    r"miku \(vocaloid\), (rem \(re zero\):1.2)",
    # BREAK.
    "a BREAK b",
    "BREAK",
    "BREAK a",
    "a BREAK",
    "a BREAK BREAK b",
    "a\n BREAK \nb",
    "a,BREAK,b",
    "BREAKFAST unBREAKable BREAK_ BREAK2 break Break",
    "(a) BREAK (b:1.3) BREAK [c]",
    "a\u00e9BREAK \u00e9 BREAK\u00e9 \u7334BREAK",
    "(a:1.2)BREAK(b:1.2)",
    "a:BREAK:b",
    # Other languages and other marks.
    "(\u732b:1.2), \u72ac",
    "(\u00e9t\u00e9) [\U0001f34e] (\U0001f468\u200d\U0001f469:1.4)",
    "\uff08a\uff09 \uff3bb\uff3d",
    "{a} <b:1.3> |c|",
    "a AND b [c|d] [e:f:0.5]",
    "(a!) hello!!",
    # Beyond one chunk.
    words(74),
    words(75),
    words(76),
    words(150),
    words(151),
    words(400),
    "(" + words(80) + ":1.2)",
    words(70) + " (" + words(10) + ":1.4) " + words(5),
    words(40) + " BREAK " + words(80),
    words(75) + " BREAK " + words(3),
    # Commas near the end of a chunk: words behind the last one move along, if they are few.
    comma_at(74, 76),
    comma_at(73, 76),
    comma_at(60, 80),
    comma_at(56, 80),
    comma_at(55, 80),
    comma_at(54, 80),
    comma_at(10, 80),
    comma_at(75, 80),
    comma_at(75, 160),
    comma_at(60, 75),
    comma_at(60, 76, ", " + words(70)),
    comma_at(60, 70, ", " + words(20)),
    ", ".join(words(100).split()),
    ", ".join(words(10) for _ in range(12)),
    "(" + comma_at(65, 72) + ":1.3), [" + words(12) + "]",
    words(60) + ", (" + words(20) + ":0.7)",
    words(60) + " , BREAK " + words(80),
    "," * 90,
    words(74) + ",,,, " + words(4),
    "a,b" * 60,
]

# What Scumble reads otherwise, on purpose.
DIFFERENT = [
    # There a word of negative weight.
    "(a BREAK b)",
    "(a BREAK b:1.2)",
    "[a BREAK b]",
    # There an exception.
    "(a:1.2.3)",
    "(a:.)",
    # There mere text.
    "(a:1e39)",
    "(a:1e1)",
    "(a:nan)",
    "(a:-inf)",
    # There a weight of any size.
    "(a:101)",
    "(a:99999999999999999999999999999999999999999)",
    "((a:50):50)",
    "(" * 60 + "a",
    # There a weight in any script's digits.
    "(a:\uff11.\uff15)",
]
