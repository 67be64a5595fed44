"""A blocking waitpid: starts so many children that sleep, prints their pids, then the moment of each end.

With `plain` the children are those of a bare multiprocessing script. With `alike` they are started as run-jobs does, so
that only the way of waiting differs: how long a process takes to end depends on how much memory is mapped into it.
"""

import math
import multiprocessing
import os
import sys
import time


def plain(count: int) -> list[int]:
    multiprocessing.set_start_method("fork")
    processes = [multiprocessing.Process(target=time.sleep, args=(600,)) for _ in range(count)]
    for process in processes:
        process.start()
    return [process.pid or 0 for process in processes]


def as_run_jobs_does(count: int) -> list[int]:
    from runner.model.plan import Plan, ProcessPlan
    from runner.supervise import supervisor
    from runner.supervise.core.life import LifeId
    from runner.supervise.sharing.things import SharedThings
    from runner.supervise.starting.pauses import Row
    from runner.supervise.starting.processes import Processes
    from runner.system.signals import Signals

    planned = (ProcessPlan(f"Process-{n}", "jobs", target="runner.workers:sleep", args=(600,)) for n in range(count))
    plan = Plan("by hand", "fork", tuple(planned), (), ())
    records, to_records = os.pipe()
    processes = Processes(
        plan,
        SharedThings(plan, "by-hand"),
        records=to_records,
        private=(records,),
        open_files=None,
        signals=Signals(),
    )
    for number in range(count):
        processes.objects.create(number)
    processes.start(tuple(map(LifeId, range(count))), unsent=(), row=Row(math.inf, math.inf, lambda _: []))
    return [processes.running[number].pid for number in range(count)]


if __name__ == "__main__":
    number, kind = sys.argv[1:]
    pids = {"plain": plain, "alike": as_run_jobs_does}[kind](int(number))
    print(*pids, flush=True)
    for _ in pids:
        os.waitpid(-1, 0)
        print(time.time(), flush=True)
    os._exit(0)  # multiprocessing would wait for children that are gone
