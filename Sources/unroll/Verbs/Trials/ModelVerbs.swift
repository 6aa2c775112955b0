import ArgumentParser
import FoundationEssentials
import Orchestration
import Postgres
import Store

struct PromoteVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Give a model a name, as its next version.",
    discussion: """
      What a model with a name needs is kept, whatever the retention of its sweep says. Who gave the name \
      and when stays in unroll.models. In SQL: select unroll.promote(7, 'spam', 'why').

        unroll promote 7 --as spam --comment 'first that beats naive Bayes'
        unroll promote --best 5 latest --as spam     the mean of the five best trials of a sweep
        unroll predict --model spam 'Claim your prize'
      """)

  @OptionGroup var database: DatabaseOptions

  @Argument(
    help: ArgumentHelp(
      "The number of the trial; with --best a sweep: its number, its name, or latest.",
      valueName: "trial"))
  var subject: String

  @Option(name: .customLong("as"), help: "The name: letters, digits, points, dashes, underscores.")
  var name: String

  @Option(help: "What to say of it.")
  var comment: String?

  @Option(help: ArgumentHelp("The mean of so many of a sweep's best trials.", valueName: "count"))
  var best: Int?

  func validate() throws {
    guard best != nil || Int(subject) != nil else {
      throw ValidationError(
        "found '\(subject)', allowed: the number of a trial, or a sweep with --best")
    }
    guard (1...100).contains(best ?? 1) else {
      throw ValidationError("--best: found \(best ?? 0), allowed: 1 to 100")
    }
  }

  func run() throws {
    try database.withDatabase { database in
      var trials = Int(subject).map { [$0] } ?? []
      if let best {
        trials = try ModelOptions.best(best, of: database.sweep(matching: subject), database)
      }
      let version = try database.promote(trials: trials, name: name, comment: comment)
      print(
        "\(name)@\(version): "
          + (trials.count == 1
            ? "trial \(trials[0])"
            : "the mean of trials \(trials.map(String.init).joined(separator: ", "))"))
    }
  }
}

struct ModelsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List models with names and their versions.",
    subcommands: [List.self, Withdraw.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List models with names: who gave them, and when.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "One name only, with all its versions, or name@version.")
    var name: String?

    /// What every row of the view has.
    private struct Versioned: Decodable {
      let version: Int
    }

    func run() throws {
      let parts = name?.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false) ?? []
      let (name, version) = (parts.first.map(String.init), parts.dropFirst().first)
      func isAsked(_ other: Int) -> Bool { version.map { $0 == "\(other)" } ?? true }
      try database.withDatabase { database in
        let known = try database.models(named: name)
        let models = known.filter { isAsked($0.version) }
        guard known.isEmpty || !models.isEmpty else {
          throw SystemError(
            "found '\(self.name ?? "")', allowed: "
              + known.map { "\($0.name)@\($0.version)" }.joined(separator: ", "))
        }
        if output.isJSON {
          return output.print(
            try database.json(.models(named: name)).filter {
              try isAsked($0.decode(Versioned.self).version)
            })
        }
        guard !models.isEmpty else {
          return print("no model has that name yet; unroll promote TRIAL --as NAME gives one")
        }
        var table = Table([
          ("model", .left), ("trials", .left), ("objective", .right), ("by", .left), ("at", .left),
          ("comment", .left),
        ])
        for model in models {
          table.add([
            "\(model.name)@\(model.version)\(model.isNewest ? " *" : "")",
            model.trials.isEmpty
              ? "withdrawn by \(model.withdrawnBy ?? "?")"
              : model.trials.map(String.init).joined(separator: ", "),
            model.objectives.first.map { Format.metric($0) } ?? "–", model.promotedBy,
            Self.minute(model.promotedAt), model.comment ?? "",
          ])
        }
        for line in table.lines() { print(line) }
        if models.contains(where: \.isNewest) { print("\n* is what the name alone stands for.") }
      }
    }

    private static func minute(_ date: Date) -> String {
      String(date.formatted(.iso8601).prefix(16)).replacing("T", with: " ")
    }
  }

  struct Withdraw: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "withdraw", abstract: "Take a version of a model back.",
      discussion: """
        The name stands for an older version then, and retention may delete what this one needed.

          unroll models withdraw spam@3
        """)

    @OptionGroup var database: DatabaseOptions

    @Argument(help: "The version: name@version.")
    var model: String

    func run() throws {
      guard model.contains("@") else {
        throw SystemError("found '\(model)', allowed: a version such as \(model)@1")
      }
      try database.withDatabase { try $0.withdraw($0.model(model)) }
      print("\(model) is withdrawn")
    }
  }
}
