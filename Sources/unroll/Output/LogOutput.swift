import ArgumentParser
import FoundationEssentials
import Glibc
import Logging

/// How daemons write their log: lines for a person, or one JSON object a line for a collector.
enum LogFormat: String, CaseIterable, ExpressibleByArgument {
  case text
  case json
}

/// Writes log events to standard error, whole lines at a time, so that the lines of several
/// processes on one terminal stay apart.
struct LogOutput: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  var logLevel: Logger.Level
  private let label: String
  private let format: LogFormat

  init(label: String, format: LogFormat, level: Logger.Level) {
    self.label = label
    self.format = format
    logLevel = level
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let time = Date.now.formatted(
      .iso8601.year().month().day().time(includingFractionalSeconds: true))
    let line: String
    switch format {
    case .text:
      let extra = fields.map { " \($0.key)=\($0.value)" }.joined()
      line = "\(time)Z \(Self.name(event.level)) \(label): \(event.message)\(extra)\n"
    case .json:
      var members = [
        ("time", time + "Z"), ("level", event.level.rawValue), ("logger", label),
        ("message", "\(event.message)"),
      ]
      members += fields.map { ($0.key, "\($0.value)") }
      let pairs = members.map { "\(JSONText.quoted($0.0)):\(JSONText.quoted($0.1))" }
      line = "{" + pairs.joined(separator: ",") + "}\n"
    }
    _ = line.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
  }

  private static func name(_ level: Logger.Level) -> String {
    switch level {
    case .trace: "trace"
    case .debug: "debug"
    case .info, .notice: "info "
    case .warning: "warn "
    case .error, .critical: "ERROR"
    }
  }
}

/// JSON text by hand, for what is written a line at a time.
enum JSONText {
  /// A string with its quotes.
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
