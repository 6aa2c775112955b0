public import ArgumentParser
public import Logging

/// How a daemon logs.
struct LogOptions: ParsableArguments {
  @Option(name: .customLong("log"), help: "Log lines for a person (text) or a collector (json).")
  var format = LogFormat.text

  @Option(name: .customLong("log-level"), help: "The least important events that are logged.")
  var level = Logger.Level.info

  func logger(_ label: String) -> Logger {
    Logger(label: label) { LogOutput(label: $0, format: format, level: level) }
  }

  /// The same for a child process.
  var arguments: [String] { ["--log", format.rawValue, "--log-level", level.rawValue] }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
