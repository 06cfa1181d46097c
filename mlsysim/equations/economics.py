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


@equation(source="coursehero2026iewage", where="equivalent uniform annual cost: price less the discounted salvage value, times (A/P)")
def annualized_net_capital(price: q.Price, residual: q.ResidualValue, rate: q.PeriodRate, periods: q.Periods, years: q.Periods) -> q.Charge:
    """Capital that is charged to a number of years when equal yearly payments repay, with interest, a price less its resale value.

    Holds when the rate is that of a year, the equipment is sold at the end of the last one, and the years lie inside its life.

    Stops holding when the resale value is a guess at a market that moves, as that of accelerators does, or when taking the old
    equipment down costs money.
    """
    net: q.Price = price - residual * (1 + rate) ** -periods
    return net * capital_recovery_factor(rate, periods) * years


@equation(source="cortex2026permw", where="section 'Why Per-MW Is the Preferred Metric': construction cost for each unit of IT power")
def facility_capital(facility_price: q.FacilityPrice, power: q.MaxPower) -> q.Price:
    """Price of a building with its power and cooling, in proportion to the IT power for which it is built.

    Holds when the price is that of the same kind of site, and the power is the most that the equipment may draw.

    Stops holding when a quotation leaves out the shell, the land or the line to the grid, when the hall stays half empty, or
    when the density of the racks asks for another kind of cooling.
    """
    return facility_price * power


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
def total_cost_of_ownership(capital: q.Charge, energy: q.EnergyCost, maintenance: q.MaintenanceCost, staff: q.StaffCost = 0.0) -> q.Cost:
    """Cost of owning and running a fleet for a period: its capital, its electricity, its upkeep and, where stated, its staff.

    Holds when the parts cover the same period and the same equipment, and no cost is counted in two of them.

    Stops holding when land, network transit, software or insurance weigh as much as these parts, because they are left out, or
    when costs of different years are added without discounting.
    """
    return capital + energy + maintenance + staff


@equation(source="datareceipts2026gpu", where="row with instance 'p5.48xlarge', region us-east-1: price of the instance and of one GPU")
def rental_cost(rental: q.RentalRate, devices: q.Devices, duration: q.Duration, utilization: q.Utilization = 1.0) -> q.RentalCost:
    """Cost of renting accelerators for a period, or for the share of it in which they are used.

    Holds when every hour is charged at one price and an unused hour is given back.

    Stops holding when a commitment charges for unused hours too, when spot prices move, or when storage, traffic and support
    are charged beside the accelerators.
    """
    return rental * devices * duration * utilization


@equation(source="legitlads2026roi", where="break-even utilization: above it buy, below it rent")
def break_even_utilization(at_rest: q.Cost, in_use: q.Cost, rental: q.RentalCost) -> q.BreakEven:
    """Utilization at which owning costs as much as renting the hours used: what owning costs at rest, over what an hour of use saves.

    Holds when the cost of owning rises evenly from rest to full use, and renting costs nothing in unused hours.

    Stops holding when renting the whole period costs less than owning in full use: the result is then above one or negative,
    and renting is cheaper at every utilization.
    """
    return at_rest / (rental - (in_use - at_rest))


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


@equation(source="inferecon2026assumptions", where="section 'Methodology', prefill_time_fraction")
def prefill_share(prefill: q.Ttft, latency: q.RequestLatency) -> q.PrefillShare:
    """Share of a request's device time that goes into its prompt.

    Holds when prompts and answers take turns on the same devices, so that their times add up to the request's.

    Stops holding when prefill and decoding run on separate devices or in one batch, or when the time to the first token has
    waiting in it, which costs the prompt nothing.
    """
    return prefill / latency


@equation(source="inferecon2026assumptions", where="section 'Methodology', cost for input and output by their shares of the time")
def cost_per_million_input_tokens(cost: q.Cost, share: q.PrefillShare, tokens: q.TokensIn) -> q.MillionTokenCost:
    """Average cost of a million prompt tokens, which bear the cost by the device time that prompts take.

    Holds when cost, share and tokens belong to the same period and kind of request. With the cost of the output tokens it adds
    up to the whole cost.

    Stops holding when prompts are read from a cache, or when prices follow the market and not the cost.
    """
    return cost * share / tokens * 1e6


@equation(source="inferecon2026assumptions", where="section 'Methodology', cost for input and output by their shares of the time")
def cost_per_million_output_tokens(cost: q.Cost, share: q.PrefillShare, tokens: q.TokensOut) -> q.MillionTokenCost:
    """Average cost of a million generated tokens, which bear the cost by the device time that decoding takes.

    Holds when cost, share and tokens belong to the same period and kind of request. With the cost of the input tokens it adds
    up to the whole cost.

    Stops holding when answers have one token, which comes out of the prefill and then bears nothing, or when drafts are
    generated and thrown away.
    """
    return cost * (1 - share) / tokens * 1e6


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
