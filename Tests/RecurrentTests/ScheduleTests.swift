import Recurrent
import Testing

@Suite struct ScheduleTests {
  private func rates(_ schedule: Schedule, _ steps: [Int]) -> [Double] {
    steps.map { schedule.rate(base: 2, step: $0) }
  }

  @Test func `a constant rate rises first`() {
    #expect(rates(Schedule(), [0, 9]) == [2, 2])
    #expect(rates(Schedule(warmUp: 4), [0, 1, 3, 4, 99]) == [0.5, 1, 2, 2, 2])
  }

  @Test func `steps fall by a factor`() {
    let schedule = Schedule(.step(every: 10, factor: 0.5), warmUp: 2)
    #expect(rates(schedule, [0, 1, 2, 9, 10, 19, 20]) == [1, 2, 2, 2, 1, 1, 0.5])
  }

  @Test func `a cosine goes from the base to its floor and stays`() {
    let schedule = Schedule(.cosine(steps: 12, floor: 0.1), warmUp: 2)
    let found = rates(schedule, [0, 2, 7, 12, 50])
    for (rate, expected) in zip(found, [1, 2, 1.1, 0.2, 0.2]) {
      #expect(abs(rate - expected) < 1e-12)
    }
    #expect(rates(Schedule(.cosine(steps: 1), warmUp: 3), [5]) == [0])
  }
}
