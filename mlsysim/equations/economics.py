"""Economics: what a fleet costs, and what its work costs."""

from ..equation import equation, example, limit
from ..quantities import (
    Charge,
    Cost,
    Duration,
    EnergyCost,
    EnergyPrice,
    FacilityEnergy,
    Lifetime,
    MaintenanceCost,
    MaintenanceRate,
    MillionTokenCost,
    PeriodRate,
    Periods,
    Price,
    Queries,
    RecoveryFactor,
    ResidualValue,
    RunCost,
    Throughput,
    TokensOut,
    TrainingTokens,
    UnitCost,
)


@equation(
    source="educalc2026depreciation",
    where="formula of the annual depreciation expense",
    example=example(
        "1600 USD",
        price="5000 USD",
        residual="200 USD",
        duration="1 year",
        lifetime="3 year",
        where="example below the formula, a computer that is sold for its parts after three years",
        kind="source",
        tolerance=0.0003,
    ),
    limits=(
        limit(
            "a whole lifetime charges all that the value loses", lambda price, residual, **_: price - residual, duration=1e8, lifetime=1e8
        ),
        limit("equipment that keeps its value charges nothing", lambda **_: 0.0, price=3e4, residual=3e4),
    ),
)
def straight_line_depreciation(price: Price, residual: ResidualValue, duration: Duration, lifetime: Lifetime) -> Charge:
    """Capital that is charged to a period when the equipment loses its value evenly over its service life.

    Holds when the period lies inside the service life and the value at the end of that life is known.

    Stops holding when the market value falls fastest at the start, when equipment is retired early or kept longer than
    planned, or when the cost of the money itself matters: no interest is charged here.
    """
    return (price - residual) * duration / lifetime


@equation(
    source="homer2017crf",
    where="equation of the capital recovery factor",
    example=example(0.2439, rate=0.07, periods=5, where="example below the equation", kind="source", tolerance=0.0003),
    limits=(
        limit("a loan without interest is repaid in equal parts", lambda periods, **_: 1 / periods, rate=0.0),
        limit("a single payment returns the loan and its interest", lambda rate, **_: 1 + rate, periods=1),
        limit("a loan that is never repaid costs its interest", lambda rate, **_: rate, rate=0.1, periods=1000),
    ),
)
def capital_recovery_factor(rate: PeriodRate, periods: Periods) -> RecoveryFactor:
    """Share of a capital sum that equal payments at the end of each period must return to repay it with interest.

    Holds when the rate is the same in every period and the payments are equal and fall at the ends of the periods.

    Stops holding when rates float, when payments fall due at the start of a period, or when a rate that includes inflation is
    mixed with costs that do not; taxes and incentives are outside it too.
    """
    return 1 / periods if rate == 0 else rate / (1 - (1 + rate) ** -periods)


@equation(
    source="homer2017crf",
    where="sentence on the annual payments of a loan, below the equation",
    example=example(
        "243.90 USD",
        price="1000 USD",
        factor=0.2439,
        years=1,
        where="example below the equation, one of the five annual payments",
        kind="source",
        tolerance=0.0001,
    ),
    limits=limit("one payment of the whole sum is the price", lambda price, **_: price, factor=1.0, years=1.0),
)
def annualized_capital(price: Price, factor: RecoveryFactor, years: Periods) -> Charge:
    """Capital that is charged to a number of years when the price is repaid in equal yearly payments with interest.

    Holds when the factor was computed for payments of one year and the years lie inside the term of repayment.

    Stops holding when the equipment is replaced before it is repaid, when it has a resale value that nobody subtracted, or when
    the payments of different years are compared without discounting.
    """
    return price * factor * years


@equation(
    source="nemulai2026electricity",
    where="section 'Electricity Cost Per Training Run', flat rate stated above the table",
    example=example(
        "3322.63 USD",
        energy="27689 kWh",
        price="0.12 USD/kWh",
        where="table of workloads, row 'Pre-train 70B model', columns kWh and US cost",
        kind="source",
        tolerance=0.00005,
    ),
    limits=limit("free electricity costs nothing", lambda **_: 0.0, price=0.0),
)
def energy_cost(energy: FacilityEnergy, price: EnergyPrice) -> EnergyCost:
    """Cost of the electricity that the facility takes from the grid.

    Holds when the contract has one flat price and the energy is that of the whole facility, cooling and losses included.

    Stops holding when the tariff depends on the hour or on the peak demand, when there are fixed charges, or when part of the
    power is generated on site.
    """
    return energy * price


@equation(
    source="librarytechnology2026maintenance",
    where="answer, first sentence: a contract costs a yearly share of the purchase price",
    example=example(
        "6360 USD",
        price="53000 USD",
        rate="12 percent/year",
        duration="1 year",
        source="oracle2021engineered",
        where="p. 1, row 'Exadata Storage Server X9M-2 High Capacity', price and annual premier support for systems",
        kind="derived",
        tolerance=0.0001,
        note=(
            "The list prints price and yearly fee, not the rate, which follows from its other rows: 4,440 / 37,000 = 0.12 and "
            "1,980 / 16,500 = 0.12; then 53,000 * 0.12 = 6,360, as printed."
        ),
    ),
    limits=(
        limit("equipment without upkeep costs nothing to keep", lambda **_: 0.0, rate=0.0),
        limit("at its whole price a year, a year costs the price", lambda price, **_: price, rate=1 / 31536000, duration=31536000),
    ),
)
def maintenance_cost(price: Price, rate: MaintenanceRate, duration: Duration) -> MaintenanceCost:
    """Cost of upkeep over a period when a contract or a rule of thumb prices it as a yearly share of the purchase price.

    Holds when spare parts, repairs and support are bought at a flat yearly rate.

    Stops holding when failures are paid for one by one, when the first years are under warranty, or when old equipment breaks
    more often than young equipment.
    """
    return price * rate * duration


@equation(
    source="epoch2026datacenter",
    where="first paragraph: annualized capital and the operating expenses add up to the cost of ownership",
    example=example(
        "8.5e9 USD",
        capital="7.6e9 USD",
        energy="0.6e9 USD",
        maintenance="0.3e9 USD",
        kind="derived",
        tolerance=0.006,
        note=(
            "The source prints the total (8.5), the operating expenses (0.9) and their energy part (0.6), in billions a year; "
            "the other parts follow: 0.9 - 0.6 = 0.3 stands for upkeep, 8.5 - 0.9 = 7.6 is the capital, and 7.6 + 0.6 + 0.3 = 8.5."
        ),
    ),
    limits=limit(
        "a fleet that is switched off and left alone costs its capital", lambda capital, **_: capital, energy=0.0, maintenance=0.0
    ),
)
def total_cost_of_ownership(capital: Charge, energy: EnergyCost, maintenance: MaintenanceCost) -> Cost:
    """Cost of owning and running a fleet for a period: its capital, its electricity and its upkeep.

    Holds when the three parts cover the same period and the same equipment, and no cost is counted in two of them.

    Stops holding when staff, land, network transit, software or insurance weigh as much as these parts, because they are left
    out, or when costs of different years are added without discounting.
    """
    return capital + energy + maintenance


@equation(
    source="patel2023inference",
    where="section 'ChatGPT Costs': daily cost and cost per query",
    example=example(
        "0.0036 USD",
        cost="694444 USD",
        queries=195000000,
        where="section 'ChatGPT Costs'",
        kind="source",
        tolerance=0.014,
        note="Queries of a day: 13 million daily users times 15 responses each.",
    ),
    limits=limit("a single query bears the whole cost", lambda cost, **_: cost, queries=1.0),
)
def cost_per_query(cost: Cost, queries: Queries) -> UnitCost:
    """Average cost of one query when the cost of a period is spread over all the queries that it answered.

    Holds when the cost and the queries belong to the same period and the queries are alike.

    Stops holding when queries differ widely in length or share the fleet with other work; the cost of one more query on idle
    equipment is far below this average.
    """
    return cost / queries


@equation(
    source="nvidia2026tokencost",
    where="equation of the cost per million tokens",
    example=example(
        "0.12 USD",
        cost="2.65 USD",
        tokens=21600000,
        where="table, column 'NVIDIA Blackwell (GB300 NVL72)'",
        kind="source",
        tolerance=0.042,
        note="Tokens of one device in an hour: six thousand a second times 3,600 seconds.",
    ),
    limits=limit("a fleet that generates a million tokens spends its cost on them", lambda cost, **_: cost, tokens=1e6),
)
def cost_per_million_tokens(cost: Cost, tokens: TokensOut) -> MillionTokenCost:
    """Average cost of a million generated tokens when a period's cost is spread over all tokens of that period.

    Holds when the tokens are those that users received in the very period that the cost covers, idle hours included.

    Stops holding when prompt and generated tokens are priced apart, when cached tokens are counted as generated ones, or when a
    peak throughput stands in for the tokens that were really delivered.
    """
    return cost / tokens * 1e6


@equation(
    source="touvron2023",
    where="section 2.4, last paragraph",
    example=example(
        "21 day",
        tokens=1400000000000,
        throughput="778240 token/s",
        where="section 2.4, last paragraph",
        kind="source",
        tolerance=0.024,
        note="Throughput of the cluster: 380 tokens a second on each of 2,048 devices.",
    ),
    limits=(
        limit("a cluster of unbounded speed needs no time", lambda **_: 0.0, throughput=1e30),
        limit("what a cluster handles in a second takes a second", lambda **_: 1.0, tokens=4e6, throughput=4e6),
    ),
)
def training_run_time(tokens: TrainingTokens, throughput: Throughput) -> Duration:
    """Time that a training run takes at a steady throughput of the whole cluster.

    Holds when the throughput is an average over the run and includes the pauses for checkpoints and restarts.

    Stops holding when the sequence length, the batch size or the number of devices changes along the run, or when the rate was
    measured on a healthy cluster and failures are yet to come.
    """
    return tokens / throughput


@equation(
    source="deepseek2024v3",
    where="table 1 and the paragraph below it",
    example=example(
        "5.576e6 USD",
        cost="2 USD",
        period="1 hour",
        run="2.788e6 hour",
        where="table 1 and the paragraph below it, column 'Total'",
        kind="source",
        tolerance=0.0001,
        note="One device is the fleet here: its rent for an hour, and the run in device-hours.",
    ),
    limits=limit("a run that fills the period bears its whole cost", lambda cost, **_: cost, period=2e6, run=2e6),
)
def training_run_cost(cost: Cost, period: Duration, run: Duration) -> RunCost:
    """Part of a fleet's cost that a training run bears: the share of the period in which it holds the fleet.

    Holds when the run has the whole fleet to itself and the fleet costs the same at every hour.

    Stops holding when the fleet is shared, when idle time between runs has to be paid by somebody, or when failed and
    exploratory runs are meant to be included: they are not.
    """
    return cost * run / period
