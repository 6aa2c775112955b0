import Postgres
import Search
import Store
import TestSupport
import Testing

/// Searches that learn and stop, by real daemons.
@Suite struct StudyTests {
  private static let sweep = """
    name: study
    dataset: {name: order, split: {test: 0.2, validation: 0.2}}
    model: {cell: {choice: [rnn, gru]}, hidden: {int: [3, 6]}, embedding: 4}
    training: {epochs: 9, batch: 32, rate: {log_uniform: [0.001, 0.1]}}
    objective: {metric: loss}
    """

  private func decisions(_ daemons: Daemons, _ sweep: Int) throws -> [String] {
    try daemons.database.connection.query(
      """
      select concat_ws(' ', number, kind, reason, details) from unroll.decisions
      where sweep_id = $1 and number is not null order by id
      """, [sweep]
    ).map { try $0[0] }
  }

  private func legs(_ daemons: Daemons, _ sweep: Int) throws -> [String] {
    try daemons.database.connection.query(
      """
      select concat_ws(' ', leg, number, until, result, float8send(objective), judgement, known)
      from unroll.legs where sweep_id = $1 order by leg
      """, [sweep]
    ).map { try $0[0] }
  }

  @Test(.scratchDatabase) func `promotion trains the best further, and the budget is exact`()
    throws
  {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker(slots: 2)
    let sweep = try daemons.enqueue(
      Self.sweep + """

        search: {sampler: tpe, startup: 4}
        stop: {rule: asha, eta: 3}
        trials: 12
        """)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    #expect(try daemons.state(sweep) == "finished")
    let count: Int = try daemons.value(
      "select count(*) from unroll.trials where sweep_id = \(sweep)")
    #expect(count == 12)
    let open: Int = try daemons.value(
      "select count(*) from unroll.trials where state not in ('succeeded', 'pruned')")
    #expect(open == 0)
    // At least a third of those at a rung goes on, and no more than the rule allows.
    let rungs: [Int] = try daemons.database.connection.query(
      "select count(distinct number) from unroll.legs where result = 'reached' group by until order by until"
    ).map { try $0[0] }
    #expect(rungs.count == 3)
    #expect(rungs[0] == 12)
    #expect((4...6).contains(rungs[1]))
    #expect((1...3).contains(rungs[2]))
    let epochs: Int = try daemons.value(
      "select count(*) from unroll.curves where metric = 'loss' and split = 'train'")
    #expect(epochs < 12 * 9 / 2)
    #expect(epochs == rungs[0] + 2 * rungs[1] + 6 * rungs[2])
    // That a trial waits is told before what it waited for.
    let early: Int = try daemons.value(
      """
      select count(*) from unroll.decisions p where p.kind = 'promote' and not exists (
        select from unroll.decisions w where w.number = p.number and w.kind = 'pause' and w.id < p.id)
      """)
    #expect(early == 0)
    // Each stop has its reason.
    let stopped: Int = try daemons.value(
      "select count(*) from unroll.decisions where kind = 'stop'")
    #expect(stopped == 12 - rungs[2])
  }

  @Test(.scratchDatabase, .timeLimit(.minutes(2)))
  func `a deterministic search is the same for any number of slots and through restarts`() throws {
    let daemons = try Daemons()
    let text =
      Self.sweep + """

        search: {sampler: tpe, startup: 4, order: deterministic, window: 3}
        stop: {rule: asha, eta: 3}
        trials: 9
        """
    func run(slots: Int, restarts: Int) throws -> (
      decisions: [String], legs: [String], results: [String]
    ) {
      let worker = daemons.worker(slots: slots)
      let sweep = try daemons.enqueue(text)
      for restart in 0..<restarts {
        let scheduler = daemons.scheduler()
        try daemons.wait("the search makes no progress") {
          try daemons.value(
            "select state = 'finished' or (select count(*) from unroll.legs where sweep_id = id) > \(2 * restart + 1) from unroll.sweeps where id = \(sweep)"
          )
        }
        try scheduler.stop()
      }
      let scheduler = daemons.scheduler()
      try daemons.waitForEnd(sweep)
      try scheduler.stop()
      try worker.stop()
      #expect(try daemons.state(sweep) == "finished")
      return (try decisions(daemons, sweep), try legs(daemons, sweep), try daemons.results(sweep))
    }
    let single = try run(slots: 1, restarts: 0)
    let many = try run(slots: 4, restarts: 0)
    let broken = try run(slots: 2, restarts: 5)
    #expect(single.decisions.count > 18)
    #expect(many.decisions.sorted() == single.decisions.sorted())
    #expect(broken.decisions.sorted() == single.decisions.sorted())
    #expect(many.legs == single.legs)
    #expect(broken.legs == single.legs)
    #expect(many.results == single.results)
    #expect(broken.results == single.results)
  }

  @Test(.scratchDatabase, arguments: ["{sampler: tpe, startup: 2}", "random"])
  func `a search goes on when its parameters are changed`(search: String) throws {
    let daemons = try Daemons()
    let sweep = try daemons.enqueue(
      Self.sweep + """

        search: \(search)
        trials: 4
        """)
    let scheduler = daemons.scheduler()
    try daemons.wait("no trial is made") {
      try daemons.value("select count(*) > 0 from unroll.trials where sweep_id = \(sweep)")
    }
    try daemons.database.set(sweep: sweep, key: "model.cell", value: JSON(text: #""gru""#))
    try daemons.database.set(sweep: sweep, key: "trials", value: JSON(text: "6"))
    try daemons.database.set(
      sweep: sweep, key: "try", value: JSON(text: #"[{"model.hidden": 5, "training.rate": 0.02}]"#))
    let worker = daemons.worker(slots: 1)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    let trials = try daemons.database.trials(sweep: sweep)
    #expect(trials.count == 6)
    #expect(trials.allSatisfy { $0.state == "succeeded" })
    let made: Int = try daemons.value(
      "select count(*) from unroll.trials where params @> '{\"model.hidden\": 5, \"training.rate\": 0.02}'"
    )
    #expect(made == 1)
    #expect(trials.last?.params.text.contains("gru") == true)
    let changes: Int = try daemons.value("select count(*) from unroll.decisions where kind = 'set'")
    #expect(changes == 3)
  }

  @Test(.scratchDatabase, arguments: ["{sampler: tpe, startup: 2}", "random"])
  func `a pinned parameter takes along what is there only beside other values`(search: String)
    throws
  {
    let daemons = try Daemons()
    let text = """
      name: study
      dataset: {name: order, split: {test: 0.2, validation: 0.2}}
      model:
        cell: {choice: [rnn, gru]}
        nonlinearity: {choice: [tanh, relu], when: {cell: rnn}}
        hidden: {int: [3, 6]}
        embedding: 4
      training: {epochs: 1, batch: 32}
      objective: {metric: loss}
      try: [{cell: rnn, nonlinearity: relu}, {cell: gru, hidden: 5}]
      search: \(search)
      trials: 6
      """
    // Before it was accepted, and while it runs.
    let early = try daemons.enqueue(text)
    try daemons.database.set(sweep: early, key: "model.cell", value: JSON(text: #""gru""#))
    let late = try daemons.enqueue(text)
    let scheduler = daemons.scheduler()
    try daemons.wait("no trial is made") {
      try daemons.value("select count(*) > 0 from unroll.trials where sweep_id = \(late)")
    }
    try daemons.database.set(sweep: late, key: "model.cell", value: JSON(text: #""gru""#))
    // One that makes no sense is the only one to be taken back.
    try daemons.database.set(
      sweep: late,
      [
        ("model.hidden", JSON(text: #"{"foo": [1, 2]}"#)), ("model.cell", JSON(text: #""gru""#)),
      ])
    let worker = daemons.worker(slots: 1)
    for sweep in [early, late] { try daemons.waitForEnd(sweep) }
    try worker.stop()
    try scheduler.stop()
    for sweep in [early, late] {
      let trials = try daemons.database.trials(sweep: sweep)
      #expect(trials.count == 6 && trials.allSatisfy { $0.state == "succeeded" })
    }
    let others: Int = try daemons.value(
      "select count(*) from unroll.trials where sweep_id = \(early) and params ->> 'model.cell' <> 'gru'"
    )
    #expect(others == 0)
    let known: Int = try daemons.value(
      "select count(*) from unroll.trials where sweep_id = \(early) and params @> '{\"model.hidden\": 5}'"
    )
    #expect(known > 0)
    let keys: [String] = try daemons.database.connection.query(
      "select details ->> 'key' from unroll.decisions where kind = 'take_back'"
    ).map { try $0[0] }
    #expect(keys == ["model.hidden"])
  }

  @Test(.scratchDatabase, arguments: ["{sampler: tpe, startup: 2}", "random"])
  func `a change that makes no sense is taken back, and the search goes on`(search: String) throws {
    let daemons = try Daemons()
    let sweep = try daemons.enqueue(Self.sweep + "\nsearch: \(search)\ntrials: 4")
    let scheduler = daemons.scheduler()
    try daemons.wait("no trial is made") {
      try daemons.value("select count(*) > 0 from unroll.trials where sweep_id = \(sweep)")
    }
    // From SQL alone nobody knows the schema.
    try daemons.database.set(sweep: sweep, key: "model.cell", value: JSON(text: #""lxtm""#))
    try daemons.database.set(sweep: sweep, key: "trials", value: JSON(text: "6"))
    let worker = daemons.worker(slots: 1)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    let trials = try daemons.database.trials(sweep: sweep)
    #expect(trials.count == 6)
    #expect(trials.allSatisfy { $0.state == "succeeded" })
    let reason: String = try daemons.value(
      "select string_agg(reason, '; ') from unroll.decisions where kind = 'take_back'")
    #expect(reason.hasPrefix(#"model.cell: {"choice": ["lxtm"]} is taken back: "#))
    #expect(reason.contains("lstm"))
  }

  @Test(.scratchDatabase) func `known points are tried in their places, also after a restart`()
    throws
  {
    let daemons = try Daemons()
    let sweep = try daemons.enqueue(
      Self.sweep + """

        search: {sampler: tpe, startup: 2, order: deterministic, window: 1}
        try: [{model.hidden: 4, training.rate: 0.003}, {model.hidden: 4}]
        trials: 3
        """)
    var scheduler = daemons.scheduler()
    try daemons.wait("no trial is made") {
      try daemons.value("select count(*) = 1 from unroll.trials where sweep_id = \(sweep)")
    }
    try scheduler.stop()
    scheduler = daemons.scheduler()
    let worker = daemons.worker()
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    let hidden: [String] = try daemons.value(
      "select array_agg(params ->> 'model.hidden' order by number) from unroll.trials")
    #expect(hidden.prefix(2) == ["4", "4"])
  }

  @Test(.scratchDatabase)
  func `a deterministic search learns from sweeps that are over, also what they did not search`()
    throws
  {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let text = Self.sweep.replacing("epochs: 9", with: "epochs: 1")
    let earlier = try daemons.enqueue(
      text.replacing("{choice: [rnn, gru]}", with: "gru") + "\nsearch: random\ntrials: 4")
    let warm =
      text + "\nsearch: {sampler: tpe, startup: 2, order: deterministic, warm_start: \(earlier)}\n"
      + "trials: 1"
    // Without a worker it is not over.
    let early = try daemons.enqueue(warm)
    try daemons.waitForEnd(early)
    let error: String = try daemons.value("select error from unroll.sweeps where id = \(early)")
    #expect(error.contains("found sweep \(earlier), which is not over"), "\(error)")

    let worker = daemons.worker()
    try daemons.waitForEnd(earlier)
    let sweep = try daemons.enqueue(warm)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    let reason: String = try daemons.value(
      "select reason from unroll.decisions where sweep_id = \(sweep) and kind = 'create'")
    #expect(reason.contains("best of 4 trials"), "\(reason)")
  }

  @Test(.scratchDatabase) func `what may be drawn is called the same in SQL`() throws {
    let body: String = try Daemons().value(
      "select prosrc from pg_proc where oid = 'unroll.set(bigint,text,jsonb)'::regprocedure")
    for keyword in Distribution.keywords { #expect(body.contains("'\(keyword)'"), "\(keyword)") }
  }

  @Test(.scratchDatabase) func `a search learns only from sweeps with its objective`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker()
    let earlier = try daemons.enqueue(
      Self.sweep.replacing("objective: {metric: loss}", with: "objective: {metric: accuracy}")
        + "\nsearch: random\ntrials: 1")
    try daemons.waitForEnd(earlier)
    for (warm, reason) in [
      ("\(earlier)", "whose objective is to maximize validation accuracy, allowed: sweeps that"),
      ("999", "no sweep"), ("study", "allowed: in SQL the number of a sweep"),
    ] {
      let sweep = try daemons.enqueue(
        Self.sweep + "\nsearch: {sampler: tpe, warm_start: \(warm)}\ntrials: 1")
      try daemons.waitForEnd(sweep)
      #expect(try daemons.state(sweep) == "refused")
      let error: String = try daemons.value("select error from unroll.sweeps where id = \(sweep)")
      #expect(error.contains(reason), "\(error)")
    }
    try worker.stop()
    try scheduler.stop()
  }
}
