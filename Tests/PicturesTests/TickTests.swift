import Testing

@testable import Pictures

/// Marks of axes against cases worked by hand.
@Suite struct TickTests {
  private func labels(_ ticks: Ticks) -> [String] { ticks.labelled.map(\.label) }

  @Test(arguments: [
    (0.0, 10.0, 5, ["0", "2", "4", "6", "8", "10"]),
    (0, 1, 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    (0.912, 0.988, 4, ["0.92", "0.94", "0.96", "0.98"]),
    (-3, 3, 3, ["-2", "0", "2"]),
    (-0.0004, 0.0004, 4, ["-0.0004", "-0.0002", "0.0000", "0.0002", "0.0004"]),
    (1234, 9876, 4, ["2000", "4000", "6000", "8000"]),
    (0, 3e8, 3, ["0", "100000000", "200000000", "300000000"]),
    (1e-9, 5e-9, 4, ["1e-09", "2e-09", "3e-09", "4e-09", "5e-09"]),
    (7, 7, 5, ["7"]),
    // One mark alone would tell no scale.
    (2.1, 9.9, 1, ["4", "6", "8"]), (-3, 18, 1, ["0", "10"]),
  ])
  func `even steps are round`(low: Double, high: Double, count: Int, expected: [String]) {
    #expect(labels(.linear(low, high, count: count)) == expected)
  }

  @Test func `epochs are whole`() {
    #expect(labels(.linear(1, 3, count: 8, isWhole: true)) == ["1", "2", "3"])
    #expect(
      labels(.linear(0.9, 30.4, count: 6, isWhole: true)) == ["5", "10", "15", "20", "25", "30"])
    #expect(labels(.linear(1.2, 1.8, count: 6, isWhole: true)) == [])
  }

  @Test(arguments: [
    (1e-4, 1e-1, 6, ["10⁻⁴", "10⁻³", "10⁻²", "10⁻¹"]),
    (0.001, 0.1, 3, ["0.001", "0.01", "0.1"]),
    (0.9e-3, 12e-3, 6, ["0.001", "0.002", "0.005", "0.01"]),
    (8, 256, 3, ["10", "100"]),
    (8, 256, 6, ["10", "20", "50", "100", "200"]),
    (1e-40, 1, 5, ["10⁻⁴⁰", "10⁻³⁰", "10⁻²⁰", "10⁻¹⁰", "1"]),
    (21, 28, 3, ["22", "24", "26", "28"]),
    (3, 3, 4, ["3"]),
  ])
  func `powers of ten`(low: Double, high: Double, count: Int, expected: [String]) {
    let found = Ticks.logarithmic(low, high, count: count)
    #expect(labels(found) == expected)
  }

  @Test func `between powers of ten are eight small marks`() {
    let ticks = Ticks.logarithmic(1, 1000, count: 4)
    #expect(labels(ticks) == ["1", "10", "100", "1000"])
    #expect(ticks.minor.count == 24)
    #expect(ticks.minor.prefix(3) == [2, 3, 4])
    #expect(Ticks.logarithmic(.leastNonzeroMagnitude, 1e308, count: 5).labelled.count <= 7)
  }

  @Test(arguments: [
    (0.0, 0.9, 3, ["0.0 s", "0.2 s", "0.4 s", "0.6 s", "0.8 s"]),
    (0, 9, 5, ["0 s", "2 s", "4 s", "6 s", "8 s"]),
    (0, 100, 4, ["0 s", "30 s", "1 min", "1 min 30"]),
    (0, 7200, 4, ["0 s", "30 min", "1 h", "1 h 30", "2 h"]),
    (0, 10 * 86400.0, 5, ["0 s", "2 d", "4 d", "6 d", "8 d", "10 d"]),
  ])
  func `spans of time`(low: Double, high: Double, count: Int, expected: [String]) {
    #expect(labels(.seconds(low, high, count: count)) == expected)
  }

  @Test(arguments: [
    (
      CalendarTime(year: 1949, month: 1), CalendarTime(year: 1961, month: 1), 6,
      ["1950", "1952", "1954", "1956", "1958", "1960"]
    ),
    (
      CalendarTime(year: 2010, month: 1), CalendarTime(year: 2011, month: 1), 4,
      ["Jan 2010", "Apr 2010", "Jul 2010", "Oct 2010", "Jan 2011"]
    ),
    (
      CalendarTime(year: 2024, month: 2, day: 28), CalendarTime(year: 2024, month: 3, day: 2), 3,
      ["2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"]
    ),
    (
      CalendarTime(year: 2024, month: 2, day: 28, seconds: 43200),
      CalendarTime(year: 2024, month: 2, day: 29, seconds: 43200), 4,
      ["2024-02-28 12:00", "18:00", "2024-02-29 00:00", "06:00", "12:00"]
    ),
  ])
  func `moments`(low: CalendarTime, high: CalendarTime, count: Int, expected: [String]) {
    #expect(labels(.moments(low.moment, high.moment, count: count)) == expected)
  }

  @Test func `days of the calendar go both ways`() {
    #expect(CalendarTime(moment: 0) == CalendarTime(year: 1970, month: 1))
    #expect(CalendarTime(moment: 951_782_400).dateText == "2000-02-29")
    #expect(CalendarTime(moment: -1).dateText == "1969-12-31")
    #expect(CalendarTime(moment: -1).timeText == "23:59:59")
    for day in stride(from: -719_000.0, to: 2_900_000, by: 997) {
      #expect(CalendarTime(moment: day * 86400 + 7).moment == day * 86400 + 7)
    }
    // Beyond the years of the calendar nothing breaks.
    #expect(CalendarTime(moment: 1e18).year == 9999)
    #expect(CalendarTime(moment: -1e18).year == 1)
  }

  @Test func `ticks stay few and in range for any range`() {
    for exponent in stride(from: -300.0, through: 149, by: 7) {
      let scale = 1.7 * power(exponent)
      for (low, high) in [(-scale, scale), (0, scale), (scale, scale * 1.0001), (scale, scale * 3)]
      {
        for count in [2, 5, 9] {
          let ticks = Ticks.linear(low, high, count: count).labelled
          #expect(ticks.count <= 3 * count + 2)
          #expect(
            ticks.allSatisfy { $0.value >= low - scale * 1e-6 && $0.value <= high + scale * 1e-6 })
          #expect(Set(ticks.map(\.value)).count == ticks.count)
        }
      }
    }
  }

  private func power(_ exponent: Double) -> Double {
    Double("1e\(Int(exponent))") ?? 1
  }
}
