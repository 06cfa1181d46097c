"""Economics: what a fleet costs, and what its work costs."""

from .. import quantities as q
from ..equation import equation


@equation(source="educalc2026depreciation", where="formula of the annual depreciation expense")
def straight_line_depreciation(price: q.Price, residual: q.ResidualValue, duration: q.Duration, lifetime: q.Lifetime) -> q.Charge:
    """Capital that is charged to a period when the equipment loses its value evenly over its service life.

    Holds when the period lies inside the service life and the value at the end of that life is known.

    Stops holding when the market value falls fastest at the start, when equipment is retired early or kept longer than
    planned, or when the cost of the money itself matters: no interest is charged here.
    """
    return (price - residual) * duration / lifetime


@equation(source="homer2017crf", where="equation of the capital recovery factor")
def capital_recovery_factor(rate: q.PeriodRate, periods: q.Periods) -> q.RecoveryFactor:
    """Share of a capital sum that equal payments at the end of each period must return to repay it with interest.

    Holds when the rate is the same in every period and the payments are equal and fall at the ends of the periods.

    Stops holding when rates float, when payments fall due at the start of a period, or when a rate that includes inflation is
    mixed with costs that do not; taxes and incentives are outside it too.
    """
    return 1 / periods if rate == 0 else rate / (1 - (1 + rate) ** -periods)


@equation(source="homer2017crf", where="sentence on the annual payments of a loan, below the equation")
def annualized_capital(price: q.Price, factor: q.RecoveryFactor, years: q.Periods) -> q.Charge:
    """Capital that is charged to a number of years when the price is repaid in equal yearly payments with interest.

    Holds when the factor was computed for payments of one year and the years lie inside the term of repayment.

    Stops holding when the equipment is replaced before it is repaid, when it has a resale value that nobody subtracted, or when
    the payments of different years are compared without discounting.
    """
    return price * factor * years


@equation(source="nemulai2026electricity", where="section 'Electricity Cost Per Training Run', flat rate stated above the table")
def energy_cost(energy: q.FacilityEnergy, price: q.EnergyPrice) -> q.EnergyCost:
    """Cost of the electricity that the facility takes from the grid.

    Holds when the contract has one flat price and the energy is that of the whole facility, cooling and losses included.

    Stops holding when the tariff depends on the hour or on the peak demand, when there are fixed charges, or when part of the
    power is generated on site.
    """
    return energy * price


@equation(source="librarytechnology2026maintenance", where="answer, first sentence: a contract costs a yearly share of the purchase price")
def maintenance_cost(price: q.Price, rate: q.MaintenanceRate, duration: q.Duration) -> q.MaintenanceCost:
    """Cost of upkeep over a period when a contract or a rule of thumb prices it as a yearly share of the purchase price.

    Holds when spare parts, repairs and support are bought at a flat yearly rate.

    Stops holding when failures are paid for one by one, when the first years are under warranty, or when old equipment breaks
    more often than young equipment.
    """
    return price * rate * duration


@equation(
    source="epoch2026datacenter", where="first paragraph: annualized capital and the operating expenses add up to the cost of ownership"
)
def total_cost_of_ownership(capital: q.Charge, energy: q.EnergyCost, maintenance: q.MaintenanceCost) -> q.Cost:
    """Cost of owning and running a fleet for a period: its capital, its electricity and its upkeep.

    Holds when the three parts cover the same period and the same equipment, and no cost is counted in two of them.

    Stops holding when staff, land, network transit, software or insurance weigh as much as these parts, because they are left
    out, or when costs of different years are added without discounting.
    """
    return capital + energy + maintenance


@equation(source="patel2023inference", where="section 'ChatGPT Costs': daily cost and cost per query")
def cost_per_query(cost: q.Cost, queries: q.Queries) -> q.UnitCost:
    """Average cost of one query when the cost of a period is spread over all the queries that it answered.

    Holds when the cost and the queries belong to the same period and the queries are alike.

    Stops holding when queries differ widely in length or share the fleet with other work; the cost of one more query on idle
    equipment is far below this average.
    """
    return cost / queries


@equation(source="nvidia2026tokencost", where="equation of the cost per million tokens")
def cost_per_million_tokens(cost: q.Cost, tokens: q.TokensOut) -> q.MillionTokenCost:
    """Average cost of a million generated tokens when a period's cost is spread over all tokens of that period.

    Holds when the tokens are those that users received in the very period that the cost covers, idle hours included.

    Stops holding when prompt and generated tokens are priced apart, when cached tokens are counted as generated ones, or when a
    peak throughput stands in for the tokens that were really delivered.
    """
    return cost / tokens * 1e6


@equation(source="touvron2023", where="section 2.4, last paragraph")
def training_run_time(tokens: q.TrainingTokens, throughput: q.Throughput) -> q.Duration:
    """Time that a training run takes at a steady throughput of the whole cluster.

    Holds when the throughput is an average over the run and includes the pauses for checkpoints and restarts.

    Stops holding when the sequence length, the batch size or the number of devices changes along the run, or when the rate was
    measured on a healthy cluster and failures are yet to come.
    """
    return tokens / throughput


@equation(source="deepseek2024v3", where="table 1 and the paragraph below it")
def training_run_cost(cost: q.Cost, period: q.Duration, run: q.Duration) -> q.RunCost:
    """Part of a fleet's cost that a training run bears: the share of the period in which it holds the fleet.

    Holds when the run has the whole fleet to itself and the fleet costs the same at every hour.

    Stops holding when the fleet is shared, when idle time between runs has to be paid by somebody, or when failed and
    exploratory runs are meant to be included: they are not.
    """
    return cost * run / period
