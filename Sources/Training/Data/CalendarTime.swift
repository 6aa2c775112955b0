/// A moment of the Gregorian calendar, without a time zone: that of whoever measured.
struct CalendarTime: Hashable, Sendable {
  var year: Int
  var month: Int
  var day: Int
  /// Seconds since midnight.
  var second: Int
  /// Days since Monday.
  var weekday: Int

  /// The moment so many seconds after the beginning of 1970.
  init(_ time: Int64) {
    let days = Int((time >= 0 ? time : time - 86_399) / 86_400)
    second = Int(time - Int64(days) * 86_400)
    // The first day of 1970 was a Thursday.
    weekday = (((days + 3) % 7) + 7) % 7
    // Eras of 400 years that begin in March (H. Hinnant, "chrono-compatible low-level date algorithms").
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let ofEra = shifted - era * 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * ofYear + 2) / 153
    day = ofYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The seconds since 1970 of a date and a time of the day; nil if there is no such moment.
  static func seconds(
    year: Int, month: Int = 1, day: Int = 1, hour: Int = 0, minute: Int = 0, second: Int = 0
  ) -> Int64? {
    guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day),
      (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second)
    else { return nil }
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let ofEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear
    let days = era * 146_097 + ofEra - 719_468
    let time = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    // The thirty-first of April is the first of May, and no date.
    let moment = CalendarTime(time)
    return moment.month == month && moment.day == day ? time : nil
  }

  /// The seconds since 1970 that a text means: `2010`, `2010-01`, `2010-01-02`, then, after a space or
  /// a T, `03:04` or `03:04:05`, and a Z or not; years may stand first only. Nil for another text.
  static func seconds(_ text: some StringProtocol) -> Int64? {
    // On bytes: a file of a series has a time in each row.
    var bytes = Array(text.trimmed.utf8)[...]
    if bytes.last == UInt8(ascii: "Z") || bytes.last == UInt8(ascii: "z") { bytes.removeLast() }
    let halves = bytes.split(maxSplits: 1, omittingEmptySubsequences: false) {
      $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "T")
    }
    guard let date = halves.first else { return nil }
    let separator = UInt8(ascii: date.contains(UInt8(ascii: "/")) ? "/" : "-")
    guard let numbers = numbers(date, separator), (1...3).contains(numbers.count),
      date.prefix(while: { $0 != separator }).count == 4
    else { return nil }
    var clock: [Int] = []
    if halves.count > 1 {
      // Fractions of a second are cut off.
      let time = halves[1].prefix { $0 != UInt8(ascii: ".") }
      guard numbers.count == 3, let found = Self.numbers(time, UInt8(ascii: ":")),
        (1...3).contains(found.count)
      else { return nil }
      clock = found
    }
    return seconds(numbers + [Int](repeating: 1, count: 3 - numbers.count) + clock)
  }

  /// The seconds since 1970 of year, month, day, hour, minute and second, of which the last may be
  /// left out.
  static func seconds(_ parts: [Int]) -> Int64? {
    func part(_ index: Int, _ common: Int) -> Int { index < parts.count ? parts[index] : common }
    guard !parts.isEmpty else { return nil }
    return seconds(
      year: parts[0], month: part(1, 1), day: part(2, 1), hour: part(3, 0), minute: part(4, 0),
      second: part(5, 0))
  }

  /// Whether a text ends in the difference to a time zone, such as `+02:00`.
  static func hasZone(_ text: some StringProtocol) -> Bool {
    String(text.trimmed).wholeMatch(of: /.*[ T].*[0-9][ ]?[+-][0-9]{2}:?(?:[0-9]{2})?/) != nil
  }

  private static func numbers(_ bytes: ArraySlice<UInt8>, _ separator: UInt8) -> [Int]? {
    var numbers: [Int] = []
    for part in bytes.split(separator: separator, omittingEmptySubsequences: false) {
      guard (1...18).contains(part.count), part.allSatisfy({ (48...57).contains($0) }) else {
        return nil
      }
      numbers.append(part.reduce(0) { $0 * 10 + Int($1 - 48) })
    }
    return numbers
  }
}

extension CalendarTime: CustomStringConvertible {
  /// `2010-01-02`, or with the time of the day, if it is not midnight, `2010-01-02 03:04` or
  /// `2010-01-02 03:04:05`.
  var description: String { second > 0 ? clockText : dateText }

  /// `2010-01-02`.
  private var dateText: String {
    String(repeating: "0", count: max(0, 4 - "\(year)".count))
      + "\(year)-\(Self.two(month))-\(Self.two(day))"
  }

  /// `2010-01-02 03:04`, or `2010-01-02 03:04:05`.
  var clockText: String {
    let clock = "\(dateText) \(Self.two(second / 3600)):\(Self.two(second / 60 % 60))"
    return second % 60 == 0 ? clock : "\(clock):\(Self.two(second % 60))"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
