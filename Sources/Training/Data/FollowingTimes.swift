/// Goes on with the times of a series at their usual distance.
struct FollowingTimes {
  private let usual: TimeSteps.Distance
  /// Whether months are told by their last days.
  private let isMonthEnd: Bool
  /// Whether days are those of work: no time is on a Saturday or Sunday.
  private let isWorkDay: Bool
  private let first: CalendarTime
  private var last: Int64
  private var count = 0

  /// - Parameter times: The known times, rising; of one alone the next is a second later.
  init(_ times: [Int64]) {
    let steps = TimeSteps([times.count]) { times[$1] }
    usual = steps?.usual ?? .seconds(1)
    last = times.last ?? 0
    first = CalendarTime(last)
    isMonthEnd =
      times.count > 1 && times.suffix(2).allSatisfy { CalendarTime($0 + 86_400).day == 1 }
    isWorkDay = steps?.areWorkDays ?? false
  }

  /// The time after the last one.
  mutating func next() -> Int64 {
    count += 1
    switch usual {
    case .seconds(let distance):
      last += distance
      while isWorkDay, CalendarTime(last).weekday > 4 { last += distance }
    case .months(let months):
      let month = first.year * 12 + first.month - 1 + months * count
      // A day that a month does not have is its last one.
      let days = isMonthEnd ? [31, 30, 29, 28] : Array((1...first.day).reversed())
      let exact = days.lazy.compactMap { [first] day in
        CalendarTime.seconds(
          year: month / 12, month: month % 12 + 1, day: day, hour: first.second / 3600,
          minute: first.second / 60 % 60, second: first.second % 60)
      }.first
      last = exact ?? last + 1
    }
    return last
  }
}
