import FoundationEssentials
import Postgres
import Store
import TestSupport
import Testing

/// Models with names.
@Suite struct ModelTests {
  private func trials(_ fixture: Fixture, _ count: Int, _ more: String = "") throws -> [Int] {
    let sweep = try fixture.sweep(trials: count, more)
    let claims = try fixture.claims(try fixture.worker(), count)
    for claim in claims { try fixture.succeed(claim.lease, Double(claim.number) / 10) }
    #expect(try fixture.database.finish(sweep: sweep, by: fixture.leader))
    return claims.map(\.lease.trial)
  }

  @Test(.scratchDatabase) func `a name has versions, with who and when`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let trials = try trials(fixture, 3)
    #expect(try database.promote(trials: [trials[0]], name: "spam") == 1)
    #expect(
      try database.promote(trials: [trials[2], trials[1]], name: "spam", comment: "two") == 2)
    let byFunction: Int = try fixture.connection.query(
      "select unroll.promote($1::bigint, 'ham', 'by SQL')", [trials[1]]
    ).one()[0]
    #expect(byFunction == 1)
    let models = try database.models()
    #expect(models.map { "\($0.name)@\($0.version)" } == ["ham@1", "spam@2", "spam@1"])
    #expect(models.map(\.isNewest) == [true, true, false])
    #expect(models[1].trials == [trials[2], trials[1]] && models[1].comment == "two")
    #expect(models[1].objectives == [0.2, 0.1])
    let user: String = try fixture.connection.query("select current_user::text").one()[0]
    #expect(models.allSatisfy { $0.promotedBy == user })
    #expect(try database.model("spam").version == 2)
    #expect(try database.model("spam@1").trials == [trials[0]])
    #expect(
      try database.decisions(trial: trials[1]).suffix(2).map(\.kind) == ["name", "name"])

    try database.withdraw(try database.model("spam@2"))
    #expect(try database.model("spam").version == 1)
    let withdrawn = try #require(try database.models(named: "spam").first)
    #expect(withdrawn.trials.isEmpty && withdrawn.withdrawnBy == user)
    #expect(try storeError { _ = try database.model("spam@2") }.message.contains("spam@1"))
    #expect(try storeError { try database.withdraw(withdrawn) }.code == .invalid)
    // A number is never given twice.
    #expect(try database.promote(trials: [trials[0]], name: "spam") == 3)
  }

  @Test(.scratchDatabase) func `what cannot be a model is refused in one line`() throws {
    let fixture = try Fixture()
    let trials = try trials(fixture, 1)
    _ = try fixture.sweep(trials: 1)
    let running = try fixture.claim(try fixture.worker()).lease.trial
    let cases: [([Int], String, String)] = [
      (trials, "7up", "name: found \"7up\"; allowed: a letter"),
      (trials, "", "name: found \"\""), ([], "a", "trials: found {}"),
      (trials + trials, "a", "1 to 100 trials, each once"),
      ([running], "a", "trial: found trial \(running), which is running"),
      ([999], "a", "trial: found 999, which is not here"),
    ]
    for (trials, name, message) in cases {
      let error = try storeError {
        _ = try fixture.database.promote(trials: trials, name: name)
      }
      #expect(error.code == .invalid && error.message.contains(message), "\(error.message)")
    }
    #expect(try storeError { _ = try fixture.database.model("a") }.code == .notFound)
    #expect(try fixture.database.models().isEmpty)
  }

  @Test(.scratchDatabase) func `retention keeps what has a name`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let trials = try trials(
      fixture, 4, #","predictions":2,"retention":{"metrics":1,"sweep":1}"#)
    _ = try database.promote(trials: [trials[1]], name: "spam")
    for table in ["status", "sweep"] {
      try fixture.connection.query(
        "update unroll_internal.\(table) set finished_at = finished_at - interval '9 days'")
    }
    func expireAll() throws {
      for _ in 0..<100 where try database.expire(limit: 200, by: fixture.leader) == 0 { return }
      Issue.record("there is no end to it")
    }
    try expireAll()
    #expect(try fixture.count("unroll_internal.trial") == 1)
    let artifact = try database.artifact(trial: trials[1], name: "model.safetensors")
    #expect(try database.content(of: artifact).isEmpty == false)
    #expect(try database.finalMetrics(trial: trials[1]).isEmpty == false)
    #expect(try database.leaderboard(sweep: database.trial(id: trials[1]).sweepID).count == 1)
    // The predictions of those that went are gone with them.
    #expect(try fixture.count("unroll_internal.prediction") == 0)

    try database.withdraw(try database.model("spam"))
    try expireAll()
    #expect(try fixture.count("unroll_internal.trial") == 0)
    #expect(try fixture.count("unroll_internal.sweep") == 0)
    #expect(try database.models().map(\.trials) == [[]])
  }

  @Test(.scratchDatabase) func `versions that are made at once have numbers of their own`() throws {
    let fixture = try Fixture()
    let trials = try trials(fixture, 1)
    let other = try fixture.another()
    try other.connection.execute("set lock_timeout = '50ms'")
    try fixture.connection.transaction { () throws -> Void in
      #expect(try fixture.database.promote(trials: trials, name: "spam") == 1)
      #expect(
        try storeError { _ = try other.promote(trials: trials, name: "spam") }.code == .busy)
      #expect(try other.promote(trials: trials, name: "other") == 1)
    }
    #expect(try other.promote(trials: trials, name: "spam") == 2)
  }

  @Test(.scratchDatabase) func `what has no mean is given no name`() throws {
    let fixture = try Fixture()
    let database = fixture.database
    let folds = try trials(
      fixture, 4, #","dataset":{"name":"words","split":{"folds":2}}"#)
    let mixed = try storeError {
      _ = try database.promote(trials: [folds[0], folds[1]], name: "a")
    }
    #expect(mixed.code == .invalid && mixed.message.contains("allowed: trials of one fold"))
    #expect(try database.promote(trials: [folds[0], folds[2]], name: "a") == 1)

    try fixture.connection.query(
      #"update unroll_internal.sweep set facts = '{"task": "language"}'"#)
    let texts = try storeError {
      _ = try database.promote(trials: [folds[0], folds[2]], name: "a")
    }
    #expect(texts.code == .invalid && texts.message.contains("texts have no mean"))
    #expect(try database.promote(trials: [folds[1]], name: "a") == 2)
  }
}
