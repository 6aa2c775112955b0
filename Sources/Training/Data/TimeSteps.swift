/// How far the times of series lie apart, and whether they do so evenly.
struct TimeSteps {
  /// The time from one step to the next.
  enum Distance: Hashable, CustomStringConvertible {
    /// From a day of a month to the same day of a later one, or from the last day to the last.
    case months(Int)
    case seconds(Int64)

    init(from: Int64, to: Int64) {
      self = .seconds(to - from)
      guard to - from > 27 * 86_400 else { return }
      let (first, second) = (CalendarTime(from), CalendarTime(to))
      let areLast = [from, to].allSatisfy { CalendarTime($0 + 86_400).day == 1 }
      guard first.second == second.second, first.day == second.day || areLast else { return }
      self = .months((second.year - first.year) * 12 + second.month - first.month)
    }

    var description: String {
      func words(_ count: Int64, _ unit: String) -> String {
        "\(count) \(unit)\(count == 1 ? "" : "s")"
      }
      switch self {
      case .months(let count) where count % 12 == 0: return words(Int64(count / 12), "year")
      case .months(let count): return words(Int64(count), "month")
      case .seconds(let count):
        for (size, unit): (Int64, String) in [(86_400, "day"), (3600, "hour"), (60, "minute")]
        where count % size == 0 {
          return words(count / size, unit)
        }
        return words(count, "second")
      }
    }

    /// About how long it is, in seconds.
    fileprivate var length: Int64 {
      switch self {
      case .months(let count): Int64(count) * 2_629_746
      case .seconds(let count): count
      }
    }
  }

  /// The most frequent distance; of equally frequent ones the shorter.
  let usual: Distance
  /// How many distances there are.
  let count: Int
  /// How many of them are others.
  let others: Int
  /// Whether they are days of work: none of more than a week of days is a Saturday or a Sunday.
  let areWorkDays: Bool
  /// The series and the step behind the first other one.
  let first: (series: Int, step: Int)?
  /// The times before and behind it, such as `2010-01-05 after 2010-01-02`.
  let firstOther: String?

  /// Nil if there are not two times in a series.
  ///
  /// - Parameters:
  ///   - lengths: The steps of each series.
  ///   - time: The time of a step of a series.
  init?(_ lengths: [Int], _ time: (Int, Int) -> Int64) {
    func forEach(_ body: (Int, Int, Int64, Int64) -> Void) {
      for (series, length) in lengths.enumerated() {
        for step in 1..<max(length, 1) {
          body(series, step, time(series, step - 1), time(series, step))
        }
      }
    }
    var counts: [Distance: Int] = [:]
    forEach { _, _, from, to in counts[Distance(from: from, to: to), default: 0] += 1 }
    let frequent = counts.max { ($0.value, $1.key.length) < ($1.value, $0.key.length) }
    guard let usual = frequent?.key else { return nil }
    self.usual = usual
    count = counts.values.reduce(0, +)
    var others = 0
    var first: (series: Int, step: Int)?
    var firstOther: String?
    forEach { series, step, from, to in
      // Four weeks may end on the same day of the next month.
      if Distance(from: from, to: to) == usual || .seconds(to - from) == usual { return }
      others += 1
      if first != nil { return }
      first = (series, step)
      firstOther = "\(CalendarTime(to)) after \(CalendarTime(from))"
    }
    (self.others, self.first, self.firstOther) = (others, first, firstOther)
    areWorkDays =
      usual == .seconds(86_400) && count > 6
      && lengths.enumerated().allSatisfy { series, length in
        (0..<length).allSatisfy { CalendarTime(time(series, $0)).weekday < 5 }
      }
  }

  /// Those of the times of a dataset.
  init?(_ times: NumberSequences<Int64>) {
    self.init(times.lengths) { times[value: times.start($0) + $1] }
  }
}
