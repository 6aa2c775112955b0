import Postgres
import Store
import TestSupport
import Testing

/// Every function against every other one: the first pauses inside its transaction, the second comes
/// meanwhile on a thread of its own and waits where it must, the first commits or rolls back, and
/// the second goes on from where it waited. Nobody deadlocks, and the tables agree with each other
/// afterwards.
@Suite(.scratchDatabaseForEach) struct PairTests {
  let fixture: Fixture
  let monitor: Database

  init() throws {
    fixture = try Fixture()
    try fixture.dataset()
    monitor = try fixture.another()
  }

  /// How an interleaving went.
  struct Course {
    var contradictions: [String] = []
    /// What no function may answer.
    var errors: [String] = []
    /// Which of the others had to wait for a lock.
    var waited: [Operation] = []
  }

  /// Runs the first operation in an open transaction, and the others while it is open.
  func interleave(
    _ operations: [Operation], commits: Bool, _ bystanders: [Bystander]
  ) throws -> Course {
    let it = try Situation(fixture, for: operations)
    var turns: [(operation: Operation, turn: Turn)] = []
    do {
      try fixture.connection.transaction {
        let first = operations[0]
        #expect(try first.run(it, on: fixture), "\(first) has nothing to do")
        for (operation, bystander) in zip(operations.dropFirst(), bystanders) {
          turns.append((operation, try bystander.begin(operation, it, watchedBy: monitor)))
        }
        if !commits { throw MissingError() }
      }
    } catch is MissingError where !commits {
    }
    var course = Course()
    for (operation, turn) in turns {
      if turn.hasWaited { course.waited.append(operation) }
      do {
        let outcome = try turn.outcome()
        // What the first one did never happened.
        if !commits && turns.count == 1 && turn.hasWaited && outcome != true {
          course.errors.append("\(operation) did nothing after the rollback")
        }
      } catch let error as StoreError where error.sqlState == "40P01" {
        // A worker meets itself only after a lost answer; it tries again then.
        guard turns.allSatisfy({ Operation.underLease.contains($0.operation) }) else {
          course.errors.append("\(operation): \(error)")
          continue
        }
      } catch {
        course.errors.append("\(operation): \(error)")
      }
    }
    course.contradictions = try fixture.connection.query(
      Situation.contradictions, [it.first]
    ).one()[0]
    return course
  }

  @Test func `every function alone has something to do`() throws {
    for operation in Operation.allCases {
      let course = try interleave([operation], commits: true, [])
      #expect(course.contradictions == [], "\(operation)")
    }
  }

  @Test func `every pair of functions`() throws {
    let bystander = try Bystander(fixture)
    var waits = Set<[Operation]>()
    for first in Operation.allCases {
      try fixture.connection.execute(Situation.forget)
      for second in Operation.allCases {
        let pair = [first, second]
        let course = try interleave(pair, commits: true, [bystander])
        expectAgreement(course, pair, "committed")
        guard !course.waited.isEmpty else { continue }
        waits.insert(pair)
        expectAgreement(
          try interleave(pair, commits: false, [bystander]), pair, "rolled back")
      }
    }
    // These wait, or they were not tried: whoever takes a lease against who writes under it,
    // a change of leader against who leads, a person against the scheduler, and one key twice.
    let mustWait: [[Operation]] = [
      [.reap, .write], [.reap, .succeed], [.succeed, .cancelTrial], [.write, .release],
      [.refill, .pause], [.refill, .resign], [.succeedLeader, .reap], [.decide, .cancelBlocked],
      [.claim, .cancelSweep], [.finishSweep, .retryLast], [.enqueue, .enqueue],
      [.activate, .refuse], [.createTrials, .createTrials], [.promote, .promote],
      [.expire, .promote],
    ]
    for pair in mustWait { #expect(waits.contains(pair), "\(pair) did not meet") }
    print("pairs: \(Operation.allCases.count) functions, \(waits.count) pairs in which one waited")
  }

  /// Three at a time, in orders drawn from a seed: two that wait for the first go on together.
  @Test func `three functions at a time`() throws {
    let bystanders = [try Bystander(fixture), try Bystander(fixture)]
    var state: UInt64 = 7
    func draw() -> Operation {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Operation.allCases[Int(state >> 33) % Operation.allCases.count]
    }
    for round in 0..<500 {
      if round.isMultiple(of: 50) { try fixture.connection.execute(Situation.forget) }
      let operations = [draw(), draw(), draw()]
      let course = try interleave(operations, commits: !round.isMultiple(of: 3), bystanders)
      expectAgreement(course, operations, "round \(round)")
    }
  }

  private func expectAgreement(
    _ course: Course, _ operations: [Operation], _ comment: String
  ) {
    #expect(course.contradictions == [], "\(operations), \(comment)")
    #expect(course.errors == [], "\(operations), \(comment)")
  }

  // MARK: Broken twins

  @Test func `a reaper that goes by the id alone is found`() throws {
    try fixture.connection.execute(
      """
      create or replace function unroll_internal.reap(
        p_limit integer, p_in_touch interval default null)
      returns table (trial_id bigint, token integer, worker_id uuid,
        state unroll_internal.trial_state, reason text)
      language plpgsql as $$
      #variable_conflict use_column
      declare
        stuck bigint[];
      begin
        select array(
          select s.trial_id from unroll_internal.status s
            join unroll_internal.worker w on w.id = s.worker_id
          where s.state = 'leased' and w.beat_at + w.ttl < clock_timestamp()) into stuck;
        update unroll_internal.attempt a set ended_at = clock_timestamp(), outcome = 'lost'
          where a.trial_id = any (stuck) and a.ended_at is null;
        return query
        update unroll_internal.status s
          set state = 'queued', losses = s.losses + 1, worker_id = null, deadline_at = null,
            cancel_requested_at = null, finished_at = null
          where s.trial_id = any (stuck)
          returning s.trial_id, s.token, '00000000-0000-0000-0000-000000000000'::uuid, s.state,
            'stuck';
      end $$
      """)
    let bystander = try Bystander(fixture)
    var found: [String] = []
    for first in Operation.allCases {
      found += try interleave([first, .reap], commits: true, [bystander]).contradictions
    }
    #expect(found.contains { $0.hasPrefix("I4") })
  }

  @Test func `a fence that does not hold the row is found`() throws {
    // One bystander three times: each comes when the one before is over, or waits behind it.
    let bystander = try Bystander(fixture)
    let operations: [Operation] = [.write, .release, .refill, .claim]
    func found() throws -> [String] {
      try interleave(operations, commits: true, [bystander, bystander, bystander]).contradictions
    }
    #expect(try found() == [])
    try fixture.connection.execute(
      """
      create or replace function unroll_internal.fence(
        p_trial bigint, p_token integer, p_worker uuid)
      returns void language plpgsql as $$
      begin
        perform 1 from unroll_internal.status
          where trial_id = p_trial and token = p_token and state = 'leased';
        if not found then
          raise exception 'lease lost' using errcode = 'QF001';
        end if;
      end $$
      """)
    #expect(try found().contains { $0.hasPrefix("I3") })
  }
}
