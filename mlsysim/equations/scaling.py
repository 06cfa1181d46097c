"""Laws of scale: compute, data, parallel speed."""

from .. import quantities as q
from ..equation import equation
from ..vocabulary import sqrt


@equation(source="brown2020", where="appendix D, table D.1 with its caption")
def training_compute(parameters: q.Parameters, tokens: q.TrainingTokens, flop_per_parameter: q.FlopPerParameter = 6.0) -> q.ComputeBudget:
    """Arithmetic of training a dense transformer on a number of tokens.

    Holds when matrix products with the weights dominate: two operations for each parameter and token in the forward pass, four in the
    backward pass.

    Stops holding when contexts are so long that attention scores matter beside the weights, when only some experts see a token (count
    the active parameters then), or when activations are recomputed.
    """
    return flop_per_parameter * parameters * tokens


@equation(source="hoffmann2022", where="section 3.3, constraint 6ND, and section 3.4, equal proportions")
def optimal_parameters(
    compute: q.ComputeBudget, tokens_per_parameter: q.TokensPerParameter = 20.0, flop_per_parameter: q.FlopPerParameter = 6.0
) -> q.Parameters:
    """Parameters of the dense model that reaches the lowest loss within a training budget.

    Holds when parameters and tokens grow in a fixed proportion, which was found for dense transformers trained once over fresh text.

    Stops holding when serving costs count too, which favours smaller models trained for longer, when data repeats or is of another
    quality, or far above the budgets that were fitted: the source's own table drifts to more tokens for each parameter.
    """
    return sqrt(compute / (flop_per_parameter * tokens_per_parameter))


@equation(source="hoffmann2022", where="section 3.3, constraint 6ND, and section 3.4, equal proportions")
def optimal_tokens(
    compute: q.ComputeBudget, tokens_per_parameter: q.TokensPerParameter = 20.0, flop_per_parameter: q.FlopPerParameter = 6.0
) -> q.TrainingTokens:
    """Training tokens that go with the lowest loss within a training budget.

    Holds when parameters and tokens grow in a fixed proportion, which was found for dense transformers trained once over fresh text.

    Stops holding when less text exists than is asked for, when serving costs count too, or far above the budgets that were fitted.
    """
    return tokens_per_parameter * sqrt(compute / (flop_per_parameter * tokens_per_parameter))


@equation(source="hoffmann2022", where="section 3.3, equation 2; values of appendix D.3, equation 10")
def chinchilla_loss(
    parameters: q.Parameters,
    tokens: q.TrainingTokens,
    irreducible: q.IrreducibleLoss = 1.69,
    coefficient_n: q.LossCoefficientN = 406.4,
    coefficient_d: q.LossCoefficientD = 410.7,
    exponent_n: q.LossExponentN = 0.34,
    exponent_d: q.LossExponentD = 0.28,
) -> q.Loss:
    """Pre-training loss of a dense transformer from its parameters and training tokens.

    Holds when the text, tokenizer and training recipe are those of the fit, each token is seen once, and the learning rate schedule ends
    with the tokens.

    Stops holding when another data set or vocabulary is used, when data repeats, or far outside the fitted range; a later refit of the
    same runs found other values for the constants.
    """
    return irreducible + coefficient_n / parameters**exponent_n + coefficient_d / tokens**exponent_d


@equation(source="gustafson1988", where="first formula, where the law is stated")
def amdahl_speedup(parallel_share: q.ParallelShare, workers: q.Workers) -> q.Speedup:
    """Speed of a task of fixed size on several workers over its speed on one.

    Holds when part of the work is serial, the rest splits evenly, and splitting costs nothing.

    Stops holding when the task grows with the machine, when communication or uneven work adds time that one worker would not need, or
    when more workers bring more cache and run faster than their number.
    """
    return 1 / (1 - parallel_share + parallel_share / workers)


@equation(source="gustafson1988", where="second formula, scaled speedup")
def gustafson_speedup(parallel_share: q.ParallelShare, workers: q.Workers) -> q.Speedup:
    """Speed of a task that grows with the number of workers over that of one worker doing the same task.

    Holds when the share is measured on the parallel machine and the serial part does not grow with the task.

    Stops holding when the task's size is given, where Amdahl's law applies, or when communication grows faster than the work of a worker.
    """
    return 1 - parallel_share + parallel_share * workers
