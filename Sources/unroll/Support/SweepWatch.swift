import ArgumentParser
import Dispatch
import Logging
import Orchestration
import Search
import Store

/// Follows a sweep to its end, also through restarts of the database.
struct SweepWatch {
  private let client: DatabaseClient
  private let sweep: Int
  private let isQuiet: Bool

  /// - Parameters:
  ///   - server: Where the database is.
  ///   - sweep: Which sweep.
  ///   - isQuiet: Whether to say nothing on the way.
  init(_ server: DatabaseOptions.Server, sweep: Int, isQuiet: Bool) {
    let logger = Logger(label: "watch") { LogOutput(label: $0, format: .text, level: .notice) }
    client = DatabaseClient(server.options, name: "watch", logger: logger)
    self.sweep = sweep
    self.isQuiet = isQuiet
  }

  /// Waits until the sweep is over, then prints what came of it.
  ///
  /// - Throws: `Failure` when it was refused or cancelled, or no trial succeeded.
  func run(_ output: OutputOptions) throws {
    let shutdown = Shutdown()
    shutdown.listenForSignals()
    var line = ProgressLine(isQuiet: isQuiet)
    let start = ContinuousClock.now
    var hasWarned = false
    // The database counts all trials of the sweep for an answer.
    var pace = AskingPace(least: .milliseconds(100))
    while true {
      let progress: SweepProgress
      do {
        progress = try client.persist(while: { !shutdown.isRequested }) {
          let asked = ContinuousClock.now
          let answer = try $0.progress(sweep: sweep)
          pace.answered(after: ContinuousClock.now - asked)
          return answer
        }
      } catch let error as StoreError where error.isRetryable && shutdown.isRequested {
        throw interrupted(&line)
      }
      line.show(progress, at: .now)
      if !["submitted", "active"].contains(progress.state) { break }
      if !hasWarned, progress.running == 0, ContinuousClock.now - start > .seconds(3) {
        hasWarned = true
        if let warning = try client.persist({ try warning(progress, $0) }) {
          line.interrupt()
          Terminal.complain("unroll: \(warning)")
        }
      }
      if shutdown.wait(for: pace.pause) { throw interrupted(&line) }
    }
    line.interrupt()
    try conclude(output)
  }

  private func conclude(_ output: OutputOptions) throws {
    let (report, lines, rows) = try client.persist { database in
      let report = try database.sweep(id: sweep)
      return (
        report, try LeaderboardTable(database, report).lines(),
        try database.json(.leaderboard(sweep: sweep))
      )
    }
    if report.state == "refused" {
      throw Failure("sweep \(sweep) was refused: \(report.error ?? "")")
    }
    if output.isJSON {
      output.print(rows)
    } else {
      print("")
      for line in lines { print(line) }
    }
    if report.state == "cancelled" { throw Failure("sweep \(sweep) was cancelled") }
    if report.succeeded == 0 {
      throw Failure("no trial of sweep \(sweep) succeeded; unroll show \(sweep) tells why")
    }
  }

  /// Control-C ends the watching, not the sweep.
  private func interrupted(_ line: inout ProgressLine) -> ExitCode {
    line.interrupt()
    Terminal.complain("unroll: sweep \(sweep) goes on; unroll watch \(sweep) follows it again")
    return ExitCode(130)
  }

  /// Why nothing happens, if nobody is there to do it.
  private func warning(_ progress: SweepProgress, _ database: Database) throws -> String? {
    if progress.paused { return "sweep \(sweep) is paused; go on with: unroll resume \(sweep)" }
    if try !database.isLed(sweep: sweep) {
      return "no scheduler is running for its queue; start one with: unroll up"
    }
    if try !database.workers(limit: 1).contains(where: \.isAlive) {
      return "no worker is running; start one with: unroll up, or unroll worker"
    }
    return nil
  }
}

/// How far a sweep is: one line that is drawn over on a terminal, and a line now and then elsewhere.
struct ProgressLine {
  private let isQuiet: Bool
  private let isInteractive = Terminal.isInteractive
  private var shown = ""
  private var ended = -1
  private var nextAt: ContinuousClock.Instant?
  private var isOpen = false

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
  }

  mutating func show(_ progress: SweepProgress, at now: ContinuousClock.Instant) {
    guard !isQuiet else { return }
    let text = Self.text(progress)
    if isInteractive {
      guard text != shown else { return }
      let width = (Terminal.width ?? 80) - 1
      Terminal.write("\r\u{1B}[2K" + String(text.prefix(width)))
      isOpen = true
    } else {
      let isOver = !["submitted", "active"].contains(progress.state)
      let isDue = nextAt.map { now >= $0 } ?? true
      guard progress.ended != ended, isDue || isOver else { return }
      print(text)
      ended = progress.ended
      nextAt = now + .seconds(2)
    }
    shown = text
  }

  /// Ends the line, for something else to be written below it.
  mutating func interrupt() {
    if isOpen { Terminal.write("\n") }
    isOpen = false
    shown = ""
  }

  /// `8/12 done, 2 running, best 0.9821, 41 trials/min, 6 s left`
  static func text(_ progress: SweepProgress) -> String {
    guard let trials = progress.trials else { return progress.state }
    var parts = ["\(progress.ended)/\(trials) done"]
    if progress.running > 0 { parts.append("\(progress.running) running") }
    if progress.failed > 0 { parts.append("\(progress.failed) failed") }
    if progress.cancelled > 0 { parts.append("\(progress.cancelled) cancelled") }
    if progress.paused { parts.append("paused") }
    if let best = progress.best { parts.append("best \(Format.metric(best))") }
    if let seconds = progress.seconds, seconds > 0, progress.ended > 0 {
      let rate = Double(progress.ended) / seconds
      parts.append("\(Format.number(rate * 60, digits: 3)) trials/min")
      if progress.ended < trials {
        let left = Double(trials - progress.ended) / rate
        parts.append("\(Format.seconds(left)) left")
      } else {
        parts.append("in \(Format.seconds(seconds))")
      }
    }
    return parts.joined(separator: ", ")
  }
}
