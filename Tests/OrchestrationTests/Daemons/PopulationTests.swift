import Orchestration
import Postgres
import Search
import Store
import TestSupport
import Testing
import Training

/// Populations, several objectives and earlier sweeps, by real daemons.
@Suite struct PopulationTests {
  private static let sweep = """
    dataset: {name: order, split: {test: 0.2, validation: 0.2}}
    model: {cell: gru, hidden: 5, embedding: 4, dropout: {uniform: [0, 0.5]}}
    training: {epochs: 8, batch: 32, rate: {log_uniform: [0.0001, 0.1]}}
    objective: {metric: loss}
    """

  @Test(.scratchDatabase) func `the worst of a population go on as copies of the best`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker(slots: 2)
    let sweep = try daemons.enqueue(
      Self.sweep + """

        search: {sampler: pbt, every: 2}
        probe: epoch
        trials: 8
        """)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    #expect(try daemons.state(sweep) == "finished")
    #expect(try daemons.value("select count(*) from unroll.leaderboard") == 8)
    // A quarter of eight at each of three looks.
    #expect(try daemons.value("select count(*) from unroll.decisions where kind = 'copy'") == 6)
    #expect(try daemons.value("select count(*) from unroll.legs where parent is not null") == 6)
    #expect(try daemons.value("select count(*) from unroll.legs") == 32)
    // Up to its last copy, a trial has the curves of its parent, which may have been a copy later.
    let different: Int = try daemons.value(
      """
      with last as (
        select distinct on (trial_id) trial_id, parent, until - 2 as epochs, leg from unroll.legs
        where parent is not null order by trial_id, leg desc
      ), lasting as (
        select * from last l where not exists (
          select from unroll.legs p where p.trial_id = l.parent and p.parent is not null
            and p.leg > l.leg)
      )
      select count(*) from lasting l join unroll.curves c on c.trial_id = l.trial_id
          and c.epoch <= l.epochs
        left join unroll.curves p on p.trial_id = l.parent and p.epoch = c.epoch
          and p.metric = c.metric and p.split = c.split
      where p.value is distinct from c.value
      """)
    #expect(different == 0)
    let same: Int = try daemons.value(
      """
      select count(*) from unroll.legs l join unroll.curves c on c.trial_id = l.trial_id
        join unroll.curves p on p.trial_id = l.parent and p.epoch = c.epoch
          and p.metric = c.metric and p.split = c.split and p.value = c.value
      where l.parent is not null
      """)
    #expect(same > 0)
    // All epochs are there once, of curves and of gradients.
    #expect(
      try daemons.value(
        """
        select bool_and(n = 8) from (select count(*) as n from unroll.curves
          where metric = 'loss' and split = 'train' group by trial_id) c
        """))
    #expect(
      try daemons.value(
        "select count(distinct (trial_id, epoch)) from unroll.gradient_verdicts") == 64)
    // A copy has other values than before, and the legs still tell which.
    #expect(
      try daemons.value(
        """
        select bool_and(l.params <> b.params) from unroll.legs l join unroll.legs b
          on b.trial_id = l.trial_id and b.until = l.until - 2
        where l.parent is not null
        """))
    #expect(
      try daemons.value(
        """
        select bool_and(t.params = l.params) from unroll.trials t join unroll.legs l
          on l.trial_id = t.id and l.until = 8
        """))
    #expect(try daemons.value("select count(*) from unroll.trials where attempts <> 4") == 0)
  }

  @Test(arguments: [
    (
      "model: {cell: gru, hidden: {int: [3, 6]}}\ntraining: {epochs: 4}", "",
      "sweep.yaml:1:28: model.hidden: found int 3…6, allowed: one value with the sampler pbt"
    ),
    (
      "training: {epochs: 4, optimizer: sgd, momentum: {uniform: [0, 0.9]}}", "",
      "sweep.yaml:1:50: training.momentum: found 0…0.9, allowed: only more than 0"
    ),
    (
      "training: {epochs: 4, rate: {uniform: [0.1, 0.2]}}", "stop: asha",
      "stop: found asha, allowed: none with the sampler pbt"
    ),
    (
      "training: {epochs: {int: [2, 4]}}", "",
      "training.epochs: found int 2…4, allowed: one number of epochs"
    ),
  ])
  func `what a population cannot share is refused`(
    settings: String, more: String, message: String
  ) throws {
    let text = "\(settings)\nsearch: {sampler: pbt}\ndataset: {name: order}\ntrials: 4\n\(more)"
    let found: String
    do {
      let spec = try SweepSpec.parse(text, file: "sweep.yaml", schema: .sweep)
      let dataset = try Generator.temporalOrder.dataset(count: 100, length: 12, seed: 3)
      _ = try CheckedSweep(spec, on: dataset)
      found = "nothing"
    } catch {
      found = "\(error)"
    }
    let ending = message.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? message
    #expect(found.contains(ending), "\(found)")
  }

  @Test(.scratchDatabase) func `several objectives are kept, ranked and stopped together`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker(slots: 2)
    let sweep = try daemons.enqueue(
      """
      dataset: {name: order, split: {test: 0.2, validation: 0.2}}
      model: {cell: gru, hidden: {int: [3, 8]}, embedding: 4}
      training: {epochs: 4, batch: 32, rate: {log_uniform: [0.001, 0.1]}}
      objectives: [{metric: accuracy, goal: maximize}, {metric: loss, goal: minimize}]
      search: {sampler: tpe, startup: 3}
      stop: {rule: asha, eta: 2}
      trials: 8
      """)
    try daemons.waitForEnd(sweep)
    try worker.stop()
    try scheduler.stop()
    #expect(try daemons.state(sweep) == "finished")
    #expect(try daemons.value("select count(*) from unroll.trials") == 8)
    #expect(
      try daemons.value(
        "select bool_and(cardinality(objectives) = 2) from unroll.legs where result = 'reached'"))
    // Both are metrics of some epoch on the way.
    let strange: Int = try daemons.value(
      """
      select count(*) from unroll.legs l where not exists (
        select from unroll.curves a join unroll.curves b using (trial_id, epoch, split)
        where a.trial_id = l.trial_id and a.epoch <= l.until and split = 'validation'
          and a.metric = 'accuracy' and b.metric = 'loss'
          and array[a.value, b.value] = l.objectives)
      """)
    #expect(strange == 0)
    #expect(try daemons.value("select count(*) > 0 from unroll.trials where state = 'pruned'"))
  }

  @Test(.scratchDatabase) func `a sweep learns from an earlier one`() throws {
    let daemons = try Daemons()
    let scheduler = daemons.scheduler()
    let worker = daemons.worker(slots: 2)
    let text = """
      dataset: {name: order, split: {test: 0.2, validation: 0.2}}
      model: {cell: gru, hidden: 4, embedding: 4}
      training: {epochs: 1, batch: 32, rate: {log_uniform: [0.00001, 0.1]}}
      objective: {metric: loss}
      seed: 3
      """
    let earlier = try daemons.enqueue(text + "\ntrials: 20")
    try daemons.waitForEnd(earlier)
    let learning = "\nsearch: {sampler: tpe, startup: 10"
    let cold = try daemons.enqueue(text + learning + "}\ntrials: 1")
    let warm = try daemons.enqueue(text + learning + ", warm_start: \(earlier)}\ntrials: 1")
    try daemons.waitForEnd(cold)
    try daemons.waitForEnd(warm)
    try worker.stop()
    try scheduler.stop()
    func reason(_ sweep: Int) throws -> String {
      try daemons.value(
        "select reason from unroll.decisions where sweep_id = \(sweep) and kind = 'create'")
    }
    // Without the earlier one the first trials are drawn; with it, the first is chosen.
    let (first, second) = (try reason(cold), try reason(warm))
    #expect(first != second)
    #expect(second.contains("20") || second.contains("estimat"), "\(second)")
  }
}
