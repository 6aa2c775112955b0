import ArgumentParser
import Store

struct CancelVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Cancel a sweep or one trial.",
    discussion: """
      What waits ends at once; what runs ends when its worker hears of it, at its next heartbeat.

        unroll cancel latest
        unroll cancel --trial 17
      """)

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: TargetArguments

  func run() throws {
    try database.withDatabase { database in
      switch try target.find(database) {
      case .sweep(let sweep):
        let state = try database.cancel(sweep: sweep.id)
        if output.isJSON { return output.print(try database.json(.sweep(id: sweep.id))) }
        print(
          state == "cancelled"
            ? "sweep \(sweep.id) is cancelled" : "sweep \(sweep.id) stays \(state): it was over")
      case .trial(let id):
        let state = try database.cancel(trial: id)
        if output.isJSON { return output.print(try database.json(.trial(id: id))) }
        switch state {
        case "cancelled": print("trial \(id) is cancelled")
        case "cancelling": print("trial \(id) will be cancelled when its worker hears of it")
        default: print("trial \(id) stays \(state): it was over")
        }
      }
    }
  }
}

struct PauseVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Start no further trial of a sweep; what runs goes on.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: SweepArgument

  func run() throws {
    try database.withDatabase { database in
      let sweep = try target.find(database)
      let isNew = try database.pause(sweep: sweep.id)
      if output.isJSON { return output.print(try database.json(.sweep(id: sweep.id))) }
      print(
        isNew
          ? "sweep \(sweep.id) is paused; go on with: unroll resume \(sweep.id)"
          : "nothing to do: sweep \(sweep.id) is \(sweep.paused ? "paused already" : sweep.state)")
    }
  }
}

struct ResumeVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Go on with a paused sweep.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: SweepArgument

  func run() throws {
    try database.withDatabase { database in
      let sweep = try target.find(database)
      let isNew = try database.resume(sweep: sweep.id)
      if output.isJSON { return output.print(try database.json(.sweep(id: sweep.id))) }
      print(isNew ? "sweep \(sweep.id) goes on" : "nothing to do: sweep \(sweep.id) is not paused")
    }
  }
}

struct RetryVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Queue failed trials again: all of a sweep, or one.",
    discussion: "Their counts of failures and losses begin anew; a checkpoint is gone on from.")

  @OptionGroup var database: DatabaseOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var target: TargetArguments

  func run() throws {
    try database.withDatabase { database in
      switch try target.find(database) {
      case .sweep(let sweep):
        let count = try database.retryFailed(sweep: sweep.id)
        if output.isJSON { return output.print(try database.json(.sweep(id: sweep.id))) }
        print(
          count == 0
            ? "nothing to do: no trial of sweep \(sweep.id) has failed"
            : "\(count) \(count == 1 ? "trial" : "trials") of sweep \(sweep.id) queued again")
      case .trial(let id):
        try database.retry(trial: id)
        if output.isJSON { return output.print(try database.json(.trial(id: id))) }
        print("trial \(id) queued again")
      }
    }
  }
}
