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
    "one is better than a run of the other, ties counted half; an order is stated only where a two-sided exact "
    "permutation test of that probability, paired by seed where possible, has p at most 0.05, corrected by Holm's "
    "method over the environments. There the best cell of each family is chosen on one random half of the runs and "
    "judged on the other, both ways round; p is the median over 101 such splits, doubled (Meinshausen, Meier and "
    "Bühlmann 2009). Structures are held against the generic policy likewise, by environment and family, corrected by "
    "Holm's method over all such contests of the study. Pairs of algorithms are compared by the same exact test, "
    "corrected within an environment and policy."
)
CAUTION = (
    "How far this reaches: intervals and tests are over seeds only and do not cover other settings, budgets or "
    "environments. Undetermined does not mean equal: it means that these runs do not decide."
)
RATIOS = (
    "Pairs of cells that differ in one thing, by the ratio of their restricted means, steps until solved up to the "
    "smallest budget: told apart where the 95 % interval of the ratio does not hold 1 and both have five runs. They "
    "are all pairs there are, not corrected for their number; each stands in ratios.csv."
)
SCORE_TABLES = (
    "Interquartile means over seeds with 95 % intervals. Bold: the interval overlaps that of the best in the "
    "column; probes, which know the model, do not compete."
)
FILMS = (
    "One episode of the single run with the highest score in each environment, the first of equal ones, without "
    "exploration: the luckiest run, not a typical one. The films move in the HTML edition."
)
