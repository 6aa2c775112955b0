"""Times procrastinate's jobs and Optuna's storage on the server where unroll was timed, and prints
all in one table. Called by deploy/compare-queue.

    queues.py CONNINFO UNROLL.jsonl [--jobs N] [--trials N] [--processes N]
"""

import argparse
import asyncio
import json
import logging
import multiprocessing
import time
from urllib.parse import quote

import optuna
import procrastinate
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

REPORTS = 10


def in_processes(count, worker, *arguments):
    """Runs workers that wait for each other before they begin; returns the seconds of all."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(count)
    times = context.Queue()
    processes = [
        context.Process(target=worker, args=(barrier, times, *arguments)) for _ in range(count)
    ]
    for process in processes:
        process.start()
    moments = [times.get(timeout=600) for _ in processes]
    for process in processes:
        process.join()
    return max(end for _, end in moments) - min(begin for begin, _ in moments)


# procrastinate: jobs that do nothing, one at a time in each process, from claim to finish.


def jobs_app(conninfo):
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))

    @app.task(name="nothing")
    async def nothing():
        pass

    return app


def work(barrier, times, conninfo):
    logging.disable(logging.WARNING)

    async def run():
        app = jobs_app(conninfo)
        async with app.open_async():
            barrier.wait()
            begin = time.time()
            await app.run_worker_async(
                wait=False, concurrency=1, install_signal_handlers=False, listen_notify=False
            )
            times.put((begin, time.time()))

    asyncio.run(run())


def procrastinate_rate(conninfo, jobs, processes):
    async def enqueue():
        app = jobs_app(conninfo)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            await app.tasks["nothing"].batch_defer_async(*({} for _ in range(jobs)))

    asyncio.run(enqueue())
    seconds = in_processes(processes, work, conninfo)
    with psycopg.connect(conninfo) as connection:
        (done,) = connection.execute(
            "select count(*) from procrastinate_jobs where status = 'succeeded'"
        ).fetchone()
    if done != jobs:
        raise SystemExit(f"procrastinate ended {done} of {jobs} jobs")
    return jobs / seconds


# Optuna: trials whose objective does nothing but report, drawn at random.


def objective(trial):
    trial.suggest_float("rate", 0.001, 0.01)
    for epoch in range(REPORTS):
        trial.report(0.5, epoch)
    return 0.5


def optimize(barrier, times, url, trials):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.load_study(
        study_name="nothing", storage=url, sampler=optuna.samplers.RandomSampler()
    )
    barrier.wait()
    begin = time.time()
    study.optimize(objective, n_trials=trials)
    times.put((begin, time.time()))


def optuna_rate(url, trials, processes):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(study_name="nothing", storage=url)
    each = max(1, trials // processes)
    seconds = in_processes(processes, optimize, url, each)
    if len(study.get_trials(deepcopy=False)) != each * processes:
        raise SystemExit("Optuna has another number of trials than it was asked for")
    return each * processes / seconds


def fresh_database(conninfo, name):
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f'create database "{name}" template template0')
    return make_conninfo(conninfo, dbname=name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("conninfo")
    parser.add_argument("unroll")
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--trials", type=int, default=400)
    parser.add_argument("--processes", type=int, default=4)
    given = parser.parse_args()

    with open(given.unroll) as lines:
        rows = {row["name"]: row for row in map(json.loads, lines)}

    jobs = procrastinate_rate(
        fresh_database(given.conninfo, "procrastinate"), given.jobs, given.processes
    )
    database = conninfo_to_dict(fresh_database(given.conninfo, "optuna"))
    url = (
        f"postgresql+psycopg://{database['user']}@/{database['dbname']}"
        f"?host={quote(database['host'], safe='')}"
    )
    storage = optuna_rate(url, given.trials, given.processes)

    def line(what, rate, baseline=None):
        ratio = "" if baseline is None else f"{rate / baseline:8.1f} x"
        print(f"{what:58}{rate:10.0f}{ratio}")

    ending = f"claimed and ended, {given.processes} workers"
    print(f"\n{ending:58}{'a second':>10}")
    line("procrastinate, jobs that do nothing", jobs)
    line("unroll, singly, each with a result", rows["singly"]["rate"], jobs)
    line("unroll, singly, the scheduler at its own pace", rows["paced"]["rate"], jobs)
    reporting = f"with {REPORTS} reports a trial, {given.processes} workers"
    print(f"\n{reporting:58}{'a second':>10}")
    line("Optuna, RDBStorage, random sampler", storage)
    line("unroll, reports at once", rows["10 reports"]["rate"], storage)


if __name__ == "__main__":
    main()
