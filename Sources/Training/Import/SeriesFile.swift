/// The series of a user's file, for a model that goes on with them.
public struct SeriesFile: Sendable {
  /// What the file calls each series; empty where there is one without a name.
  public let names: [String]
  /// The values of each series, step by step, in the channels of the model.
  public let values: [[Float]]
  /// The time of each step, in seconds since 1970 by the clock of the data, if the file says it.
  public let times: [[Int64]]?

  /// Reads the content of a tsv or csv file as an import does.
  ///
  /// - Parameters:
  ///   - bytes: The content.
  ///   - file: What messages call the file.
  ///   - options: How the content is read.
  ///   - channels: The channels that the model knows. A category that does not occur is 0 throughout.
  /// - Throws: ``ImportError`` with the place, what was found and what is allowed.
  public init(
    _ bytes: [UInt8], file: String, options: ImportOptions, channels: [String]
  ) throws {
    let source = SourceFile(file: file)
    var examples = Examples()
    try examples.read(ByteSource(bytes).unpacked(file: file), file, options)
    guard examples.values.count > 0 else {
      throw source.error(.empty, found: "no step", allowed: "at least one row beside the header")
    }
    if let unknown = examples.channels.first(where: { !channels.contains($0) }) {
      throw source.error(
        .badValue, found: "the channel \(unknown.quoted)",
        allowed: "those of the model: "
          + unknown.nearest(in: channels).prefix(12).joined(separator: ", "))
    }
    var places: [Int?] = []
    for channel in channels {
      let place = examples.channels.firstIndex(of: channel)
      let isCategory = examples.categories.contains { channel.hasPrefix("\($0)=") }
      guard place != nil || isCategory else {
        throw source.error(
          .missingColumn, field: "channel \(channel.quoted)", found: "no such column",
          allowed: examples.channels.prefix(12).joined(separator: ", "))
      }
      places.append(place)
    }
    let width = examples.channels.count
    names = examples.names
    times = examples.times.count == 0 ? nil : Array(try examples.times.finish())
    let isSame = examples.channels == channels
    let found = try examples.values.finish()
    values =
      isSame
      ? Array(found)
      : found.map { steps in
        stride(from: 0, to: steps.count, by: width).flatMap { step in
          places.map { place in place.map { steps[step + $0] } ?? 0 }
        }
      }
  }

  /// The times of the steps after the end of a series, as text; nil if the file says no times.
  public func times(after series: Int, count: Int) -> [String]? {
    guard var known = times?[series] else { return nil }
    var following = FollowingTimes(known)
    for _ in 0..<count { known.append(following.next()) }
    // All in one form: midnight among hours is told with its time of the day.
    let isClock = known.contains { CalendarTime($0).second > 0 }
    return known.suffix(count).map { isClock ? CalendarTime($0).clockText : "\(CalendarTime($0))" }
  }
}
