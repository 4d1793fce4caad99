"""The claims, as data: what was said, where, and what would decide it."""

from __future__ import annotations

from difficulty_lib._registry import Registry
from difficulty_lib.claims._claim import Claim, Measure

# Who made a claim, as a page names it.
SOURCES = {
    "paper": "paper",
    "proposal": "proposal",
    "images": "images paper",
    "mixup": "mixup study",
}

CLAIMS: Registry[Claim] = Registry("claim")

HALF_SHARED = "half of the variance in common"
ENTROPY = "Action score against entropy"
PEOPLE = "Do a hundred people find them hard, too?"
MIXED = "mixup-isarcasm-emotion"
SUMMARIES = (
    "papermill notebooks/summarization.ipynb out.ipynb "
    "-p task summarization-causal -p model smollm2 -p train_size 1500"
)


def _easy_first(condition: str) -> tuple[Measure, ...]:
    """The easiest of all first, and of every class, against plain training under a condition."""
    orders = {
        "Emotion": "easy_first",
        "Emotion, every class in its own order": "easy_first_in_class",
    }
    return tuple(
        Measure(
            data,
            "curriculum-emotion",
            f"difference_{condition}_{order}_linear_pacing_by_action_score_plain",
            "Order by order",
            "+.3f",
        )
        for data, order in orders.items()
    )


# --- what is hard ----------------------------------------------------------------------------

CLAIMS.add(
    Claim(
        name="people-disagree",
        says="Samples with a high action score are hard for people, too.",
        source="paper",
        place="§ 5.1",
        what="{term}`rank correlation` of the action score with people's disagreement",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure(
                "rated sentences",
                "gradient-variance",
                "truth_action_score",
                "Beyond the loss curve",
            ),
            Measure("MultiNLI", "nli", "chaos_action", PEOPLE),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="confidently-wrong-emotion",
        says="On the hardest samples the model is wrong and sure of it: Emotion.",
        source="paper",
        place="§ 5.1",
        what="share of the hardest 5 % that the model gets wrong with a probability of .9 or more",
        side="above",
        bar=0.5,
        why_bar="most of them",
        measures=(Measure("Emotion", "sentiment-emotion", "confidently_wrong", ENTROPY, ".0%"),),
    )
)
CLAIMS.add(
    Claim(
        name="confidently-wrong-mnli",
        says="On the hardest samples the model is wrong and sure of it: MultiNLI.",
        source="paper",
        place="§ 5.4",
        what="share of the hardest 5 % that the model gets wrong with a probability of .9 or more",
        side="above",
        bar=0.5,
        why_bar="most of them",
        measures=(Measure("MultiNLI", "nli", "confidently_wrong", ENTROPY, ".0%"),),
    )
)
CLAIMS.add(
    Claim(
        name="missed-by-entropy-emotion",
        says="It finds hard samples that {term}`entropy` misses: Emotion.",
        source="paper",
        place="§ 5.1",
        what="share of the hardest 5 % whose entropy is below the median",
        side="above",
        bar=0.5,
        why_bar="as if entropy said nothing of them",
        measures=(Measure("Emotion", "sentiment-emotion", "confident", ENTROPY, ".0%"),),
    )
)
CLAIMS.add(
    Claim(
        name="missed-by-entropy-mnli",
        says="It finds hard samples that {term}`entropy` misses: MultiNLI.",
        source="paper",
        place="§ 5.2",
        what="share of the hardest 5 % whose entropy is below the median",
        side="above",
        bar=0.5,
        why_bar="as if entropy said nothing of them",
        measures=(Measure("MultiNLI", "nli", "confident", ENTROPY, ".0%"),),
    )
)
CLAIMS.add(
    Claim(
        name="not-entropy-emotion",
        says="Action score and entropy measure different things: Emotion.",
        source="paper",
        place="§ 5.1",
        what="their correlation, of ranks and of the values themselves (Pearson)",
        side="below",
        bar=0.71,
        why_bar=HALF_SHARED,
        measures=(
            Measure("ranks", "sentiment-emotion", "action_entropy", ENTROPY),
            Measure("values", "sentiment-emotion", "action_entropy_pearson", ENTROPY),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="not-entropy-mnli",
        says="Action score and entropy measure different things: MultiNLI.",
        source="paper",
        place="§ 5.2",
        what="their correlation, of ranks and of the values themselves (Pearson)",
        side="below",
        bar=0.71,
        why_bar=HALF_SHARED,
        measures=(
            Measure("ranks", "nli", "action_entropy", ENTROPY),
            Measure("values", "nli", "action_entropy_pearson", ENTROPY),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="rare-classes-emotion",
        says="Samples of rare classes are harder: Emotion.",
        source="paper",
        place="§ 5.1",
        what="{term}`rank correlation` of a class's frequency with the action scores of its samples",
        side="below",
        bar=0,
        why_bar="any at all",
        measures=(Measure("Emotion", "sentiment-emotion", "rarity", "Rare classes"),),
    )
)
CLAIMS.add(
    Claim(
        name="rare-classes-mnli",
        says="Samples of rare classes are harder: MultiNLI.",
        source="paper",
        place="§ 5.2",
        what="{term}`rank correlation` of a class's frequency with the action scores of its samples",
        side="below",
        bar=0,
        why_bar="any at all",
        note="The three classes are almost equally frequent.",
        measures=(Measure("MultiNLI", "nli", "rarity", "Classes"),),
    )
)
CLAIMS.add(
    Claim(
        name="rare-words",
        says="Rare words make a text hard.",
        source="paper",
        place="§ 1",
        what="standard deviations of difficulty for one of rarity, other features held fixed",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure(
                "Emotion",
                "sentiment-emotion",
                "coefficient_word_rarity",
                "What makes a sample hard",
            ),
            Measure(
                "MultiNLI premise",
                "nli",
                "coefficient_word_rarity_premise",
                "What makes a sample hard",
            ),
            Measure(
                "MultiNLI hypothesis",
                "nli",
                "coefficient_word_rarity_hypothesis",
                "What makes a sample hard",
            ),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="plain-opposites",
        says="Pairs of sentences in which one plainly denies the other are easy.",
        source="paper",
        place="§ 5.2",
        what="standard deviations of difficulty for one of negation in the second sentence",
        side="below",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure(
                "MultiNLI", "nli", "coefficient_negation_hypothesis", "What makes a sample hard"
            ),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="summaries-linear",
        says="In summaries the action score says nearly what entropy says.",
        source="paper",
        place="§ 5.3",
        what="share of entropy's variance that a straight line in the action score explains",
        side="above",
        bar=0.9,
        why_bar="nearly all",
        measures=(
            Measure("SAMSum", "summarization", "straight", "How linear, and which entropy?"),
        ),
        command=SUMMARIES,
    )
)
CLAIMS.add(
    Claim(
        name="long-dialogues",
        says="Long dialogues are harder to summarize.",
        source="paper",
        place="§ 5.3",
        what="{term}`rank correlation` of the action score with the dialogue's length",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure("SAMSum", "summarization", "length_dialogue", "Are long dialogues harder?"),
        ),
        command=SUMMARIES,
    )
)
CLAIMS.add(
    Claim(
        name="easy-summaries-copy",
        says="Easy summaries reuse the dialogue's words.",
        source="paper",
        place="§ 5.3",
        what="words taken from the dialogue, hardest third of the summaries minus easiest",
        side="below",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure("SAMSum", "summarization", "copying_coverage", "Do easy summaries copy?"),
        ),
        command=SUMMARIES,
    )
)
CLAIMS.add(
    Claim(
        name="questions",
        says="It measures difficulty in question answering, too.",
        source="proposal",
        place="research question",
        what="{term}`rank correlation` of the action score with how right the answer is (F1)",
        side="below",
        bar=0,
        why_bar="any at all",
        measures=(Measure("SQuAD", "question-answering", "action_f1", "What the model answers"),),
    )
)

# --- against its rivals ----------------------------------------------------------------------

CLAIMS.add(
    Claim(
        name="beyond-gradients",
        says="It tells more of difficulty than the {term}`variance of gradients`, which costs more.",
        source="proposal",
        place="background, research question",
        what="{term}`rank correlation` with people's disagreement, the variance of gradients held fixed",
        side="above",
        bar=0,
        why_bar="something beyond it",
        measures=(
            Measure(
                "rated sentences",
                "gradient-variance",
                "beyond_action_given_vog",
                "Beyond the loss curve",
            ),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="beyond-entropy",
        says="It follows people's disagreement more closely than entropy does.",
        source="paper",
        place="abstract, § 6",
        what="difference of the two {term}`rank correlations <rank correlation>` with people's disagreement",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure(
                "rated sentences",
                "sentiment",
                "human_minus_entropy",
                "Do people find them hard, too?",
            ),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="beyond-the-last-epoch",
        says="The sum over the epochs tells more than the last epoch's loss alone.",
        source="proposal",
        place="research question",
        what="difference of the two {term}`rank correlations <rank correlation>` with people's disagreement",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure(
                "rated sentences",
                "sentiment",
                "human_minus_last",
                "Do people find them hard, too?",
            ),
        ),
    )
)

CLAIMS.add(
    Claim(
        name="cheap",
        says="Recording it adds next to nothing to training.",
        source="paper",
        place="§ 2",
        what="the recorder's own time while training, in % of an epoch",
        side="below",
        bar=2,
        why_bar="the benchmark's own bar",
        measures=(Measure("MiniLM", "cost", "recorder_share", "Measured against bars"),),
        command="make study",
        note="Median of the rounds, with the lowest and the highest.",
    )
)

# --- wrong labels ----------------------------------------------------------------------------

CLAIMS.add(
    Claim(
        name="planted-errors",
        says="Read from the hardest down, it finds wrong labels that were planted.",
        source="proposal",
        place="research question",
        what="{term}`average precision`, a tenth of the labels wrong",
        side="above",
        bar=0.5,
        why_bar="a half; a random order has a tenth",
        measures=(
            Measure(
                "Emotion, any other class",
                "mislabel-audit-emotion",
                "action_training_flip_labels_10",
                "How well are the errors found?",
            ),
            Measure(
                "Emotion, the class that a sample is taken for",
                "mislabel-audit-kinds",
                "action_training_flip_by_instance_10",
                "How well are the errors found?",
            ),
            Measure(
                "MultiNLI, any other class",
                "mislabel-audit-mnli",
                "action_training_flip_labels_10",
                "How well are the errors found?",
            ),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="planted-errors-best",
        says="It finds planted errors better than any other score.",
        source="proposal",
        place="background",
        what="{term}`average precision` minus that of the best other score",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure(
                "Emotion, any other class",
                "mislabel-audit-emotion",
                "distance_training_flip_labels_10",
                "How well are the errors found?",
                "+.3f",
            ),
            Measure(
                "Emotion, six kinds of errors",
                "mislabel-audit-kinds",
                "distance_training",
                "How well are the errors found?",
                "+.3f",
            ),
            Measure(
                "MultiNLI, any other class",
                "mislabel-audit-mnli",
                "distance_training_flip_labels_10",
                "How well are the errors found?",
                "+.3f",
            ),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="errors-or-disputes",
        says="It tells real wrong labels from labels that are open to dispute.",
        source="proposal",
        place="research question",
        what="{term}`AUROC` of errors against honest disagreement",
        side="above",
        bar=0.5,
        why_bar="better than chance",
        measures=(
            Measure(
                "MultiNLI, re-judged",
                "real-errors",
                "varierr_action_auroc",
                "Wrong, or honestly disputed?",
            ),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="real-errors",
        says="It finds real wrong labels in film reviews.",
        source="proposal",
        place="research question",
        what="{term}`AUROC` of errors among the reviews that a crowd judged",
        side="above",
        bar=0.5,
        why_bar="better than chance",
        measures=(
            Measure(
                "IMDB",
                "real-errors",
                "imdb_any_error_action_score_auroc",
                "Film reviews that a crowd judged",
            ),
        ),
        command="make publish",
    )
)

# --- what can be done with it ----------------------------------------------------------------

CLAIMS.add(
    Claim(
        name="curriculum",
        says="Training from easy to hard makes a better model.",
        source="proposal",
        place="research question",
        what="accuracy minus that of plain training",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=_easy_first("clean"),
        command="papermill notebooks/curriculum.ipynb out.ipynb -p dataset emotion",
    )
)
CLAIMS.add(
    Claim(
        name="curriculum-noise",
        says="Where labels are wrong, training from easy to hard makes a better model.",
        source="proposal",
        place="research question",
        what="accuracy minus that of plain training, two fifths of the labels wrong",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=_easy_first("40_wrong_labels"),
        command="papermill notebooks/curriculum.ipynb out.ipynb -p dataset emotion",
    )
)
CLAIMS.add(
    Claim(
        name="without-the-hardest",
        says="Leaving difficult samples out makes a better model.",
        source="paper",
        place="§ 2, of another study",
        what="accuracy without the hardest tenth minus that of training on all rows",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure(
                "SST-2",
                "selection-sst2",
                "difference_clean_validation_easiest_by_action_score_90_all_rows",
                "How much can be left out?",
                "+.3f",
            ),
            Measure(
                "SST-2, without the hardest half",
                "selection-sst2",
                "difference_clean_validation_easiest_by_action_score_50_all_rows",
                "How much can be left out?",
                "+.3f",
            ),
        ),
        command="papermill notebooks/selection.ipynb out.ipynb",
    )
)
CLAIMS.add(
    Claim(
        name="mixup",
        says="Mixing easy with hard samples, and dropping the suspect ones, makes a better model.",
        source="mixup",
        place="abstract",
        what="F1 minus that of plain training",
        side="above",
        bar=0,
        why_bar="any at all",
        measures=(
            Measure("iSarcasm", MIXED, "f1_isarcasm", "Against its controls", "+.3f"),
            Measure("Emotion, few texts", MIXED, "f1_emotion", "Against its controls", "+.3f"),
        ),
        command="make publish",
    )
)
CLAIMS.add(
    Claim(
        name="elsewhere",
        says="A model's own certainty tells texts that come from elsewhere.",
        source="mixup",
        place="read me",
        what="{term}`AUROC` of texts from elsewhere, lengths matched",
        side="above",
        bar=0.5,
        why_bar="better than chance",
        measures=(
            Measure(
                "SST-2 and film reviews' first sentences",
                "out-of-distribution",
                "matched_auroc_maximum_softmax_probability_first_sentences",
                "How well are texts from elsewhere told?",
            ),
            Measure(
                "SST-2 and tweets",
                "out-of-distribution",
                "matched_auroc_maximum_softmax_probability_tweets",
                "How well are texts from elsewhere told?",
            ),
        ),
        command="make publish",
    )
)

# --- from run to run -------------------------------------------------------------------------

CLAIMS.add(
    Claim(
        name="reruns-agree",
        says="Another run of the same model finds the same samples hard.",
        source="images",
        place="§ G.1",
        what="correlation of two runs' action scores, of ranks and of the values themselves (Pearson)",
        side="above",
        bar=0.71,
        why_bar=HALF_SHARED,
        measures=(
            Measure(
                "Emotion, ranks",
                "agreement",
                "spearman_reruns_of_minilm",
                "Do runs agree, overall and within a class?",
            ),
            Measure(
                "Emotion, values",
                "agreement",
                "pearson_reruns_of_minilm",
                "Do runs agree, overall and within a class?",
            ),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="hardest-disagree",
        says="Of the hardest samples, runs agree less.",
        source="images",
        place="§ G.1",
        what="{term}`rank correlation` of two runs among the hardest",
        side="below",
        bar=0,
        why_bar="what looking at a part alone would leave of it",
        measures=(
            Measure(
                "Emotion",
                "agreement",
                "hardest_part",
                "Agreement by how hard",
                bar="hardest_part_null",
            ),
        ),
    )
)
CLAIMS.add(
    Claim(
        name="models-agree-less",
        says="Another model agrees less than another run of the same one.",
        source="images",
        place="§ G.1",
        what="{term}`rank correlation` of two models' action scores, less that of two runs' of the same",
        side="below",
        bar=0,
        why_bar="as much as two runs of one model",
        measures=(
            Measure(
                "Emotion, MiniLM and SmolLM2",
                "agreement-models",
                "apart_minilm_and_smollm2",
                "Do runs agree, overall and within a class?",
            ),
        ),
        note="The interval is over other samples, for these very runs.",
    )
)
