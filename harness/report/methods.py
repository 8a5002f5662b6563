"""The fixed sentences of a report: how things are measured, and how far a finding reaches."""

COUNTING = (
    "A run is one seed of one cell. Every environment step used for learning is charged, those of rejected candidates "
    "too; evaluation steps are counted apart. The policy that a run would return is evaluated at a fixed rhythm "
    "without exploration, on start states that are the same for all algorithms. The score of a run at the budget is "
    "that of its last evaluation with no more steps than the budget; between evaluations the last one is carried "
    "forward. Scores of different environments are compared after"
)
SCORES = (
    "with the scores of the random policy and of a reference frozen in envs.yaml, never the best of the runs "
    "compared. The seed is the unit of replication: episodes of an evaluation are averaged within the run. Cells are "
    "summarised by the interquartile mean (IQM), the mean of the middle half of the runs. A run that diverged stays "
    "in every statistic, with the random policy's score, or its own last one where that is lower. A target is reached "
    "at the first of two consecutive evaluations at or above it; a run that does not reach it is censored at the "
    "budget. The expected running time to a target is"
)
TIMES = "and infinite where no run reaches the target."
INTERVALS = (
    "Intervals are 95 % bootstrap intervals over whole runs, by percentiles widened for small samples (Hesterberg "
    "2015); success rates have Clopper and Pearson intervals. Families are compared by the probability that a run of "
    "one scores higher than a run of the other, ties counted half; an order is stated only where a two-sided exact "
    "permutation test of that probability, paired by seed where possible, has p at most 0.05. Every structure is "
    "compared with the generic policy by the same test, corrected by Holm's method over all such contests of the "
    "study; pairs of algorithms likewise, within an environment and structure."
)
CAUTION = (
    "How far this reaches: the best cell of a family was chosen on the runs that it is then judged by, which flatters "
    "it; intervals are over seeds only and do not cover other settings, budgets or environments. Undetermined does "
    "not mean equal: it means that these runs do not decide."
)
SCORE_TABLES = (
    "Interquartile means over seeds with 95 % intervals. Bold: the interval overlaps that of the best in the "
    "column; probes, which know the model, do not compete."
)
FILMS = (
    "One episode of the best finished run of the best cell of each environment, without exploration. The films move "
    "in the HTML edition."
)
