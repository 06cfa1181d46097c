"""Laws of scale: compute, data, parallel speed."""

from ..equation import equation, example, limit
from ..quantities import (
    ComputeBudget,
    FlopPerParameter,
    IrreducibleLoss,
    Loss,
    LossCoefficientD,
    LossCoefficientN,
    LossExponentD,
    LossExponentN,
    ParallelShare,
    Parameters,
    Speedup,
    TokensPerParameter,
    TrainingTokens,
    Workers,
)
from ..vocabulary import sqrt


@equation(
    source="brown2020",
    where="appendix D, table D.1 with its caption",
    example=example(
        "3.14e23 FLOP",
        parameters=174.6e9,
        tokens=300e9,
        where="table D.1, row GPT-3 175B",
        tolerance=0.0016,
    ),
    limits=limit(
        "one token through one parameter costs the coefficient", lambda flop_per_parameter, **_: flop_per_parameter, parameters=1, tokens=1
    ),
)
def training_compute(parameters: Parameters, tokens: TrainingTokens, flop_per_parameter: FlopPerParameter = 6.0) -> ComputeBudget:
    """Arithmetic of training a dense transformer on a number of tokens.

    Holds when matrix products with the weights dominate: two operations for each parameter and token in the forward pass, four in the
    backward pass.

    Stops holding when contexts are so long that attention scores matter beside the weights, when only some experts see a token (count
    the active parameters then), or when activations are recomputed.
    """
    return flop_per_parameter * parameters * tokens


@equation(
    source="hoffmann2022",
    where="section 3.3, constraint 6ND, and section 3.4, equal proportions",
    example=example(
        400e6,
        compute="1.92e19 FLOP",
        where="table 3, first row",
        tolerance=0.00125,
    ),
    limits=limit(
        "each of these parameters gets its tokens",
        lambda compute, tokens_per_parameter, flop_per_parameter: (
            optimal_tokens(compute, tokens_per_parameter, flop_per_parameter) / tokens_per_parameter
        ),
    ),
)
def optimal_parameters(
    compute: ComputeBudget, tokens_per_parameter: TokensPerParameter = 20.0, flop_per_parameter: FlopPerParameter = 6.0
) -> Parameters:
    """Parameters of the dense model that reaches the lowest loss within a training budget.

    Holds when parameters and tokens grow in a fixed proportion, which was found for dense transformers trained once over fresh text.

    Stops holding when serving costs count too, which favours smaller models trained for longer, when data repeats or is of another
    quality, or far above the budgets that were fitted: the source's own table drifts to more tokens for each parameter.
    """
    return sqrt(compute / (flop_per_parameter * tokens_per_parameter))


@equation(
    source="hoffmann2022",
    where="section 3.3, constraint 6ND, and section 3.4, equal proportions",
    example=example(
        8.0e9,
        compute="1.92e19 FLOP",
        where="table 3, first row",
        tolerance=0.00625,
    ),
    limits=limit(
        "with the optimal parameters they spend the budget",
        lambda compute, tokens_per_parameter, flop_per_parameter: (
            compute / (flop_per_parameter * optimal_parameters(compute, tokens_per_parameter, flop_per_parameter))
        ),
    ),
)
def optimal_tokens(
    compute: ComputeBudget, tokens_per_parameter: TokensPerParameter = 20.0, flop_per_parameter: FlopPerParameter = 6.0
) -> TrainingTokens:
    """Training tokens that go with the lowest loss within a training budget.

    Holds when parameters and tokens grow in a fixed proportion, which was found for dense transformers trained once over fresh text.

    Stops holding when less text exists than is asked for, when serving costs count too, or far above the budgets that were fitted.
    """
    return tokens_per_parameter * sqrt(compute / (flop_per_parameter * tokens_per_parameter))


@equation(
    source="hoffmann2022",
    where="section 3.3, equation 2; values of appendix D.3, equation 10",
    example=example(
        1.993,
        parameters=280e9,
        tokens=300e9,
        source="hoffmann2022",
        where="table 1, row Gopher: parameters and tokens",
        kind="derived",
        tolerance=0.00025,
        note="1.69 + 406.4 / 280e9^0.34 + 410.7 / 300e9^0.28 = 1.69 + 0.052 + 0.251 = 1.993.",
    ),
    limits=(
        limit("infinite model and data leave what cannot be learnt", lambda irreducible, **_: irreducible, parameters=1e300, tokens=1e300),
        limit(
            "an infinite model that saw one token pays the whole coefficient of the data",
            lambda irreducible, coefficient_d, **_: irreducible + coefficient_d,
            parameters=1e300,
            tokens=1,
        ),
    ),
)
def chinchilla_loss(
    parameters: Parameters,
    tokens: TrainingTokens,
    irreducible: IrreducibleLoss = 1.69,
    coefficient_n: LossCoefficientN = 406.4,
    coefficient_d: LossCoefficientD = 410.7,
    exponent_n: LossExponentN = 0.34,
    exponent_d: LossExponentD = 0.28,
) -> Loss:
    """Pre-training loss of a dense transformer from its parameters and training tokens.

    Holds when the text, tokenizer and training recipe are those of the fit, each token is seen once, and the learning rate schedule ends
    with the tokens.

    Stops holding when another data set or vocabulary is used, when data repeats, or far outside the fitted range; a later refit of the
    same runs found other values for the constants.
    """
    return irreducible + coefficient_n / parameters**exponent_n + coefficient_d / tokens**exponent_d


@equation(
    source="gustafson1988",
    where="first formula, where the law is stated",
    example=example(
        1.67,
        parallel_share=0.6,
        workers=3,
        source="kok2026csapp",
        where="section 'Amdahl's Law'",
        kind="publication",
        tolerance=0.003,
    ),
    limits=(
        limit("infinitely many workers leave the serial part", lambda parallel_share, **_: 1 / (1 - parallel_share), workers=1e30),
        limit("one worker gains nothing", lambda **_: 1.0, workers=1),
        limit("work without a serial part gains all workers", lambda workers, **_: workers, parallel_share=1),
    ),
)
def amdahl_speedup(parallel_share: ParallelShare, workers: Workers) -> Speedup:
    """Speed of a task of fixed size on several workers over its speed on one.

    Holds when part of the work is serial, the rest splits evenly, and splitting costs nothing.

    Stops holding when the task grows with the machine, when communication or uneven work adds time that one worker would not need, or
    when more workers bring more cache and run faster than their number.
    """
    return 1 / (1 - parallel_share + parallel_share / workers)


@equation(
    source="gustafson1988",
    where="second formula, scaled speedup",
    example=example(
        1016,
        parallel_share=0.992,
        workers=1024,
        where="paragraph before the second formula: serial shares from 0.4 to 0.8 percent, speedups of 1021, 1020 and 1016",
        tolerance=0.0005,
        note="The largest of the serial shares, 0.8 percent, taken with the smallest of the speedups.",
    ),
    limits=(
        limit("one worker gains nothing", lambda **_: 1.0, workers=1),
        limit("work without a serial part gains all workers", lambda workers, **_: workers, parallel_share=1),
        limit("serial work gains nothing", lambda **_: 1.0, parallel_share=0),
    ),
)
def gustafson_speedup(parallel_share: ParallelShare, workers: Workers) -> Speedup:
    """Speed of a task that grows with the number of workers over that of one worker doing the same task.

    Holds when the share is measured on the parallel machine and the serial part does not grow with the task.

    Stops holding when the task's size is given, where Amdahl's law applies, or when communication grows faster than the work of a worker.
    """
    return 1 - parallel_share + parallel_share * workers
