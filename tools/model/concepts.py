"""What the model can draw: which emoji, under which names."""
import re
from collections import Counter

GROUPS = {"Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects"}

# Characters and signs of the other groups that games use.
EXTRA = (
    "skull|skull and crossbones|clown face|ogre|goblin|ghost|alien|alien monster|robot|broken heart|red heart|"
    "blue heart|green heart|purple heart|heart on fire|collision|dizzy|speech balloon|hundred points|pile of poo|"
    "pirate flag|chequered flag|triangular flag|warning|radioactive|biohazard|recycling symbol|trident emblem|"
    "yin yang|fleur-de-lis|check mark button|cross mark|brain|eye|tooth|bone|footprints|mage|elf|vampire|zombie|"
    "genie|fairy|mermaid|troll|ninja|superhero|supervillain|princess|Santa Claus|astronaut|pilot|detective|cook|"
    "farmer|firefighter|grinning face|smiling face with sunglasses|crying face|angry face with horns|sleeping face|"
    "thinking face|face with tears of joy|star-struck"
).split("|")

# Left out: what shows writing, what another concept shows almost alike, and what no game needs.
LEFT_OUT = re.compile(
    r"o.clock$|-thirty$|quarter moon|waxing|waning|^new moon|^oncoming|Americas|Asia-Australia|map of Japan|"
    r"(guide|service) dog|water buffalo|bison|^rat$|two-hump|^pig nose$|^ram$|front-facing|Japanese|post office|"
    r"love hotel|(convenience|department) store|kaaba|^bank$|national park|derelict|house with garden|^houses$|"
    r"tram car|light rail|^station$|^metro$|railway car|mountain (rail|cable)way|high-speed|trolley|minibus|lorry|"
    r"aerial tramway|suspension railway|motorized|^sunrise over|at dusk|night with|^fogg?y?$|milky way|small airplane|"
    r"airplane (dep|arr)|^ferry$|motor boat|not done|small cloud|large cloud|umbrella (with|on)|without snow|tanabata|"
    r"pine decoration|moon viewing|red envelope|ticket|softball|rugby|flower playing|mahjong|performing|running shirt|"
    r"knot|briefs|bikini|swimsuit|woman.s (clothes|sandal)|flat shoe|thong|^sari$|clutch|hair pick|prayer beads|muted|"
    r"speaker (low|medium)|with slash|musical score|musical notes|control knobs|phone with arrow|pager|fax|trackball|"
    r"videocassette|dvd|camera with flash|film projector|tilted right|decorative cover|ledger|page facing up|"
    r"bookmark tabs|rolled-up|(yen|euro|pound) banknote|receipt|chart increasing with|e-mail|incoming|envelope with|"
    r"(in|out)box|mailbox with lowered|open mailbox|black nib|^pen$|open file|card index|tear-off|spiral|"
    r"round pushpin|linked|triangular ruler|card file|file cabinet|locked with|hammer and|white cane|cigarette|hamsa|"
    r"placard|identification|elevator|x-ray|petri|sanitary|wedding|stop sign|fish cake|oden|tamale|fondue|^mate$|"
    r"stuffed flat|beverage box|custard|rice cracker|teacup without|seat$|railway track|bus stop|^wing$|microbe|"
    r"^empty nest|leaf fluttering|kiwi|^melon$|tangerine|^bean|roasted|^mirror$|^link$|lab coat|safety vest|martial|"
    r"nazar|funeral|label|^hole$|cityscape|barber|hot springs|convenience|stadium|slider|long drum|^thread|^roll of"
)

# Names that describe a glyph rather than a thing.
RENAMED = {
    "hourglass done": "hourglass", "locked": "padlock", "unlocked": "open padlock",
    "magnifying glass tilted left": "magnifying glass", "closed mailbox with raised flag": "mailbox",
    "globe showing Europe-Africa": "planet earth", "game die": "dice", "speaker high volume": "loud speaker",
    "brown mushroom": "mushroom", "high voltage": "lightning bolt", "spouting whale": "whale spouting water",
    "manual wheelchair": "wheelchair", "man’s shoe": "shoe", "woman’s boot": "boot", "woman’s hat": "sun hat",
    "pool 8 ball": "billiard ball", "bullseye": "target", "military helmet": "soldier helmet",
}


def plain(name):
    """A name as people type it: small letters and blanks."""
    name = RENAMED.get(name, name).lower()
    return re.sub(r"[^a-z0-9]+", " ", name.replace("’", "")).strip()


def chosen(name, group):
    return (group in GROUPS and not LEFT_OUT.search(name)) or name in EXTRA


def synonyms(names_to_tags):
    """Those keywords of each concept that no other concept has, as name or as keyword."""
    tags = {name: {plain(tag) for tag in tags} - {name} for name, tags in names_to_tags.items()}
    uses = Counter(tag for own in tags.values() for tag in own) + Counter(tags.keys())
    return {name: sorted(tag for tag in own if uses[tag] == 1 and len(tag) > 2) for name, own in tags.items()}
