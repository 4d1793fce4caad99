"""Closed lists of English words, in lower case and with straight apostrophes."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _ordered(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# With every word that ends in n't.
NEGATIONS = _words(
    "no not never none nobody nothing neither nor nowhere cannot without aint dont doesnt didnt cant wont"
)

# Personal, possessive, reflexive and indefinite ones of persons.
PRONOUNS = _words(
    """
    i you he she it we they me him her us them my your his its our their mine yours hers ours theirs
    myself yourself himself herself itself ourselves yourselves themselves
    someone somebody anyone anybody everyone everybody
    """
)

# Articles, demonstratives, prepositions, conjunctions, auxiliaries, question words and particles.
FUNCTION_WORDS = _words(
    """
    a an the this that these those there here
    about above across after against along among around as at because before behind below beneath
    beside besides between beyond but by despite down during except for from in inside into like near
    of off on onto out outside over past per since than through throughout till to toward towards
    under until up upon via with within
    and or so yet if unless while whereas whether though although once
    am is are was were be been being do does did done doing have has had having will would shall
    should can could may might must ought gonna wanna
    who whom whose which what when where why how whatever whoever whenever wherever
    all any both each every either few many more most much other others another some such same own
    just only also too very even still already again then now quite rather almost else ever
    one ones as well let lets yes
    """
)

CARDINALS = _ordered(
    """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen
    """
)
TENS = _ordered("twenty thirty forty fifty sixty seventy eighty ninety")
# "first" and "second" are as often no numbers.
ORDINALS = _ordered("third fourth fifth sixth seventh eighth ninth tenth")
LARGE = _ordered("hundred thousand million billion dozen")

# What a number word is worth; "one" is mostly a pronoun, and in none of the lists.
NUMBER_VALUES: dict[str, int] = {
    **{word: value for value, word in enumerate(CARDINALS, start=2)},
    **{word: 10 * value for value, word in enumerate(TENS, start=2)},
    **{word: value for value, word in enumerate(ORDINALS, start=3)},
}
NUMBER_WORDS = frozenset(NUMBER_VALUES) | frozenset(LARGE)

# Capitalised in English wherever they stand, and nobody's name.
CALENDAR = _words(
    """
    monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays
    fridays saturdays sundays january february march april may june july august september october
    november december christmas easter halloween
    """
)
TITLES = _words("mr mrs ms miss dr prof sir madam mister aunt aunty auntie uncle")
