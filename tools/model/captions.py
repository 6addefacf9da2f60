"""What is said of a picture: the sentences that the model learns to draw from."""
import random

from pictures import BACKGROUNDS, STYLES

STYLE_PHRASES = {
    "3d": ("3d render of {}", "3d {}", "{}, 3d style", "{}, 3d", "{} in 3d style"),
    "flat": ("flat illustration of {}", "flat {}", "{}, flat style", "{}, flat", "{} in flat style"),
    "cartoon": ("cartoon of {}", "cartoon {}", "{}, cartoon style", "{}, cartoon", "{} in cartoon style"),
}
BACKGROUND_PHRASES = ("{} on {article} background", "{}, {plain} background", "{}, on {article} background")
# Words that say nothing here, and must change nothing.
FILLERS = (
    "cute beautiful shiny detailed small big nice old new simple high quality game icon picture image art item asset "
    "single best cool pretty magic little large my the very some good masterpiece sharp colorful asset inventory"
).split()
# A keyword with one of these words would say two things at once.
RESERVED = {*BACKGROUNDS, *STYLES, *FILLERS, "style", "background", "render", "illustration"}


def article(name):
    return ("an " if name[0] in "aeiou" else "a ") + name


def unknown_word():
    return "".join(random.choice("bcdfghjklmnprstvwz") + random.choice("aeiou") for _ in range(random.randint(1, 3)))


class Captions:
    def __init__(self, concepts, synonyms):
        self.concepts = concepts
        self.synonyms = {
            name: [word for word in words if not RESERVED & set(word.split())] for name, words in synonyms.items()
        }

    def thing(self, concept):
        name = self.concepts[concept]
        if self.synonyms[name] and random.random() < 0.1:
            name = random.choice(self.synonyms[name])
        if random.random() < 0.1:
            name = f"{random.choice([random.choice(FILLERS), unknown_word()])} {name}"
        return article(name) if random.random() < 0.5 else name

    def draw(self, picture, background):
        """A sentence for a picture on a named background. Some leave the thing or the style open, some say nothing.

        A white background is said half of the time, so that it is what an unsaid one means.
        """
        if random.random() < 0.1:
            return ""
        style, silent = STYLES[picture % 3], random.random()
        if silent < 0.04:
            text = f"{style} style"
        elif silent < 0.14:
            text = self.thing(picture // 3)
        else:
            text = random.choice(STYLE_PHRASES[style]).format(self.thing(picture // 3))
        if background != "white" or random.random() < 0.5:
            text = random.choice(BACKGROUND_PHRASES).format(
                text, article=article(background), plain=background
            )
        if random.random() < 0.06:
            text += f", {random.choice(FILLERS)} {random.choice(FILLERS)}"
        return text
