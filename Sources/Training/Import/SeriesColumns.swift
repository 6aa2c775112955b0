/// What the rows of series say, in the order of the file and in columns that may be larger than the memory.
struct SeriesColumns {
  /// More names of a category than this are no category: each is a channel of every step.
  static let mostNames = 1000

  fileprivate var values = RowColumn<Float>()
  fileprivate var categories: [RowColumn<Int32>]
  fileprivate var times = RowColumn<Int64>()
  fileprivate var lines = RowColumn<Int32>()
  /// The series of each row.
  fileprivate var owners = RowColumn<Int32>()
  /// The steps of each series.
  fileprivate(set) var counts: [Int] = []
  fileprivate var called: [String] = []
  /// The names of each category in the order of appearance.
  fileprivate var names: [[String]]
  private var numbers: [[String: Int32]]
  private var index: [String: Int] = [:]
  private var current = 0
  /// The latest time of each series.
  private(set) var latest: [Int64?] = []

  init(categories count: Int) {
    categories = (0..<count).map { _ in RowColumn() }
    names = [[String]](repeating: [], count: count)
    numbers = [[String: Int32]](repeating: [:], count: count)
  }

  /// Begins a row.
  ///
  /// - Returns: The number of its series, from 0.
  mutating func begin(series name: String, line: Int) throws -> Int {
    if let known = index[name] {
      current = known
    } else {
      current = counts.count
      index[name] = current
      counts.append(0)
      latest.append(nil)
      called.append(name)
    }
    counts[current] += 1
    try owners.append(Int32(current))
    try lines.append(Int32(clamping: line))
    return current
  }

  mutating func append(value: Float) throws { try values.append(value) }

  /// Appends the name of a category.
  ///
  /// - Returns: How many names it has.
  mutating func append(name: String, category: Int) throws -> Int {
    let next = Int32(names[category].count)
    let number = numbers[category][name] ?? next
    if number == next {
      numbers[category][name] = next
      names[category].append(name)
    }
    try categories[category].append(number)
    return names[category].count
  }

  mutating func append(time: Int64) throws {
    latest[current] = time
    try times.append(time)
  }
}

/// The rows of a file series by series.
struct SeriesOfRows {
  private let width: Int
  private let values: NumberSequences<Float>
  private let categories: [NumberSequences<Int32>]
  private let times: NumberSequences<Int64>
  private let lines: NumberSequences<Int32>
  /// The rows of all series, one series after the other; nil if that is the order of the file.
  private let order: IndexColumn?
  /// Where each series begins among them.
  private let starts: [Int]
  /// The place of each name of a category, by its number in the order of appearance, among all of them.
  private let places: [[Int]]
  /// The steps of each series.
  let counts: [Int]
  /// The names of each category, sorted.
  let names: [[String]]
  /// What each series is called.
  private let called: [String]

  init(_ columns: consuming SeriesColumns, values width: Int) throws {
    self.width = width
    (counts, called) = (columns.counts, columns.called)
    names = columns.names.map { $0.sorted() }
    places = columns.names.map { names in
      let sorted = names.indices.sorted { names[$0] < names[$1] }
      var places = [Int](repeating: 0, count: names.count)
      for (place, number) in sorted.enumerated() { places[number] = place }
      return places
    }
    values = try columns.values.finish()
    categories = try columns.categories.map { try $0.finish() }
    times = try columns.times.finish()
    lines = try columns.lines.finish()
    var starts: [Int] = []
    var total = 0
    for count in counts {
      starts.append(total)
      total += count
    }
    self.starts = starts
    guard counts.count > 1 else {
      order = nil
      return
    }
    let owners = try columns.owners.finish()
    let order = NumberWriter<Int>(places: total)
    var next = starts
    for row in 0..<total {
      let owner = Int(owners[value: row])
      order.put(row, at: next[owner])
      next[owner] += 1
    }
    self.order = IndexColumn(order)
  }

  private func row(_ series: Int, _ step: Int) -> Int {
    let place = starts[series] + step
    return order?[place] ?? place
  }

  /// The time of a step of a series.
  func time(_ series: Int, _ step: Int) -> Int64 { times[value: row(series, step)] }

  /// The line of a step of a series.
  func line(_ series: Int, _ step: Int) -> Int { Int(lines[value: row(series, step)]) }

  /// Appends all series: the categories, as ones and zeros, before the numbers.
  func append(to examples: inout Examples, hasTimes: Bool) throws {
    examples.names += called
    for (series, count) in counts.enumerated() {
      examples.values.begin()
      if hasTimes { examples.times.begin() }
      for step in 0..<count {
        let row = row(series, step)
        var values: [Float] = []
        for (category, places) in places.enumerated() {
          let place = places[Int(categories[category][value: row])]
          for other in places.indices { values.append(other == place ? 1 : 0) }
        }
        values += self.values[values: row * width..<(row + 1) * width]
        try examples.values.extend(values)
        if hasTimes { try examples.times.extend([times[value: row]]) }
      }
    }
  }
}
