"""Queueing: how long requests wait for a place, when arrivals are random."""

from .. import quantities as q
from ..equation import equation
from ..vocabulary import log, sqrt


@equation(source="saylor2026queues", where="section 4.3, the ratio that must be below one")
def offered_load(rate: q.RequestRate, capacity: q.RequestRate) -> q.OfferedLoad:
    """Requests that arrive over requests that can be served.

    Holds when both are long-run averages. From one on, the queue grows without end.

    Stops holding when requests are turned away, or when capacity itself depends on how many requests are inside.
    """
    return rate / capacity


@equation(source="neoprimate2026sakasegawa", where="section 348.1, the factor that replaces that of a single server")
def waiting_probability(load: q.Load, servers: q.Servers) -> q.Probability:
    """Probability that a request finds every server busy, in a closed form.

    Holds when arrivals are random and service times exponential. Exact for one server; for several it approximates Erlang's sum, with a
    mean wait that differs from the exact one by less than four hundredths of a service time at any load.

    Stops holding when load is light and servers are many: the probability is then overstated, though the wait is short.
    """
    return load ** (sqrt(2 * (servers + 1)) - 1)


@equation(source="neoprimate2026sakasegawa", where="section 348.1, with random arrivals")
def mean_wait(
    probability: q.Probability, service: q.ServiceTime, servers: q.Servers, load: q.Load, variability: q.Variability = 1.0
) -> q.QueueTime:
    """Mean time that a request waits for a server, those that need not wait included.

    Holds when arrivals are random (Poisson) and all requests share one queue. The variability is that of the service time: one for
    exponential times (M/M/c), zero for equal ones (M/D/c); for one server it is the exact formula of Pollaczek and Khinchine.

    Stops holding when arrivals come in bursts, when each server has a queue of its own, or when requests give up.
    """
    return (1 + variability) / 2 * probability * service / (servers * (1 - load))


@equation(source="blackboxsoc2026percentiles", where="tail of the waiting time, here for several servers")
def wait_percentile(
    probability: q.Probability,
    service: q.ServiceTime,
    servers: q.Servers,
    load: q.Load,
    percentile: q.Percentile,
    variability: q.Variability = 1.0,
) -> q.QueueTime:
    """Time that a given share of the requests does not wait longer than.

    Holds when the wait of those that must wait is exponential: exact for exponential service times, and the heavy-load form for others.

    Stops holding when load is light and service times are equal: those that wait then wait for the rest of one
    service, evenly spread, which is longer than this for most of them and shorter at the very end of the tail.
    """
    wait: q.QueueTime = (1 + variability) / 2 * service / (servers * (1 - load))
    return wait * log(probability / (1 - percentile)) if probability > 1 - percentile else wait * 0
