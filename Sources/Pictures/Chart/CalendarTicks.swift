import Glibc

/// A day and time of the Gregorian calendar in UTC, from seconds since 1970 and back.
struct CalendarTime: Equatable {
  var year: Int
  /// 1 to 12.
  var month: Int
  /// 1 to 31.
  var day: Int
  /// Seconds since midnight.
  var seconds: Int

  /// - Parameter moment: Seconds since 1970; cut to the years 1 to 9999.
  init(moment: Double) {
    let moment = min(max(moment, -62_135_596_800), 253_402_300_799)
    let whole = Int(moment.rounded(.down))
    let days = whole >= 0 ? whole / 86400 : -((86399 - whole) / 86400)
    seconds = whole - days * 86400
    // Years that begin in March end with the leap day.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  init(year: Int, month: Int, day: Int = 1, seconds: Int = 0) {
    (self.year, self.month, self.day, self.seconds) = (year, month, day, seconds)
  }

  /// Seconds since 1970.
  var moment: Double {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return Double(era * 146_097 + dayOfEra - 719_468) * 86400 + Double(seconds)
  }

  /// `2024-03-01`.
  var dateText: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }

  /// `14:05`, or `14:05:30`.
  var timeText: String {
    let text = "\(Self.padded(seconds / 3600, 2)):\(Self.padded(seconds / 60 % 60, 2))"
    return seconds % 60 == 0 ? text : text + ":" + Self.padded(seconds % 60, 2)
  }

  static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func padded(_ number: Int, _ places: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, places - text.count)) + text
  }
}

extension Ticks {
  /// Round moments in UTC within a range: years, months, days, hours, minutes or seconds.
  /// The ends are seconds since 1970.
  static func moments(_ low: Double, _ high: Double, count: Int) -> Ticks {
    let rough = (high - low) / Double(max(count, 1))
    let (day, year) = (86400.0, 365.25 * 86400)
    if rough > year / 3 {
      let step = max(1, Int(self.step(rough / year).step.rounded()))
      let (first, last) = (CalendarTime(moment: low).year, CalendarTime(moment: high).year + 1)
      return moments((first / step * step)...last, by: step, low, high) { year in
        (CalendarTime(year: year, month: 1), String(year))
      }
    }
    if rough > 16 * day {
      let step = [1, 2, 3, 6].first { Double($0) * year / 12 >= rough } ?? 6
      let (from, to) = (CalendarTime(moment: low), CalendarTime(moment: high))
      let first = (from.year * 12 + from.month - 1) / step * step
      return moments(first...(to.year * 12 + to.month), by: step, low, high) { index in
        let (year, month) = (index / 12, index % 12)
        return (
          CalendarTime(year: year, month: month + 1), "\(CalendarTime.months[month]) \(year)"
        )
      }
    }
    let steps: [Double] = [
      1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, day,
      2 * day, 7 * day, 14 * day, 28 * day,
    ]
    let step = steps.first { $0 >= rough } ?? 28 * day
    let first = (low / step - 1e-9).rounded(.up)
    let last = (high / step + 1e-9).rounded(.down)
    guard first <= last, last - first < 1000 else { return Ticks(labelled: []) }
    var shown = ""
    return Ticks(
      labelled: stride(from: first, through: last, by: 1).map { index in
        let time = CalendarTime(moment: index * step)
        // The date once, then only the time, until the next day begins.
        let label =
          step >= day
          ? time.dateText
          : time.dateText == shown ? time.timeText : "\(time.dateText) \(time.timeText)"
        shown = time.dateText
        return Tick(value: index * step, label: label)
      })
  }

  private static func moments(
    _ indices: ClosedRange<Int>, by step: Int, _ low: Double, _ high: Double,
    _ tick: (Int) -> (CalendarTime, String)
  ) -> Ticks {
    Ticks(
      labelled: stride(from: indices.lowerBound, through: indices.upperBound, by: step)
        .map { index in
          let (time, label) = tick(index)
          return Tick(value: time.moment, label: label)
        }.filter { $0.value >= low && $0.value <= high })
  }
}
