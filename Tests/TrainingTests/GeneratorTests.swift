import Testing
import Training

@Suite struct GeneratorTests {
  @Test func `adding asks for the sum of the two marked values`() throws {
    let dataset = try Generator.adding.dataset(count: 200, length: 30, seed: 3)
    guard case .values(let sequences, _) = dataset.inputs,
      case .numbers(let answers, 1) = dataset.targets
    else {
      Issue.record("the wrong kind of dataset")
      return
    }
    var lengths: Set<Int> = []
    for (sequence, answer) in zip(sequences, answers) {
      let length = sequence.count / 2
      lengths.insert(length)
      let marked = (0..<length).filter { sequence[2 * $0 + 1] == 1 }
      #expect(marked.count == 2)
      #expect((marked.first ?? 30) < 10)
      #expect((marked.last ?? 30) < 16)
      let sum = marked.reduce(0 as Float) { $0 + ($1 == 0 ? 0 : sequence[2 * $1]) }
      #expect(answer == 0.5 + sum / 4)
      #expect(sequence[2 * length - 1] == -1)
      #expect(marked.first == 0 || sequence[1] == -1)
      #expect((0..<length).allSatisfy { abs(sequence[2 * $0]) <= 1 })
    }
    #expect(lengths == [30, 31, 32, 33])
  }

  @Test func `copy asks for the first ten symbols at the end`() throws {
    let dataset = try Generator.copy.dataset(count: 20, length: 7, seed: 1)
    guard case .symbols(let sequences, 10) = dataset.inputs,
      case .steps(let answers, 8) = dataset.targets
    else {
      Issue.record("the wrong kind of dataset")
      return
    }
    for (sequence, answer) in zip(sequences, answers) {
      #expect(sequence.count == 27)
      #expect(answer.prefix(17).allSatisfy { $0 == -1 })
      #expect(Array(answer.suffix(10)) == Array(sequence.prefix(10)))
      #expect(sequence[16] == 9)
    }
  }

  @Test(arguments: [Generator.temporalOrder, .temporalOrder3])
  func `temporal order asks for the order of the relevant symbols`(generator: Generator) throws {
    let dataset = try generator.dataset(count: 400, length: 30, seed: 9)
    guard case .symbols(let sequences, 8) = dataset.inputs,
      case .labels(let labels, let names) = dataset.targets
    else {
      Issue.record("the wrong kind of dataset")
      return
    }
    #expect(names.count == (generator == .temporalOrder ? 4 : 8))
    for (sequence, label) in zip(sequences, labels) {
      let order = sequence.filter { $0 == 4 || $0 == 5 }.map { $0 == 4 ? "X" : "Y" }.joined()
      #expect(names[Int(label)] == order)
      #expect(sequence.first == 6 && sequence.last == 7)
    }
  }

  @Test(arguments: [7, 40]) func `reber asks for the symbol that the second one decides`(
    length: Int
  ) throws {
    let dataset = try Generator.reber.dataset(count: 300, length: length, seed: 2)
    guard case .symbols(let sequences, 7) = dataset.inputs,
      case .labels(let labels, let names) = dataset.targets
    else {
      Issue.record("the wrong kind of dataset")
      return
    }
    // The grammar again, as a pattern: the inner string begins with B and ends with E.
    let inner = /B(TS*X(XT*VP)*(S|XT*VV)|PT*V(PXT*V)*(V|PS))E/
    for (sequence, label) in zip(sequences, labels) {
      let text = sequence.map { String(Array("BTPSXVE")[Int($0)]) }.joined()
      #expect(text.hasPrefix("B" + names[Int(label)]))
      #expect(text.dropFirst(2).wholeMatch(of: inner) != nil, "\(text)")
      #expect(text.count >= length)
    }
    #expect(Set(sequences.map(\.count)).count > 3)
    #expect(Set(labels).count == 2)
  }

  @Test(arguments: Generator.allCases)
  func `seeds decide, and a longer dataset begins with a shorter one`(generator: Generator) throws {
    let few = try generator.dataset(count: 3, length: 12, seed: 5)
    let many = try generator.dataset(count: 6, length: 12, seed: 5)
    let other = try generator.dataset(count: 3, length: 12, seed: 6)
    #expect(Array(many.inputs.lengths.prefix(3)) == few.inputs.lengths)
    #expect(few.sha256 != other.sha256)
    #expect(try generator.dataset(count: 3, length: 12, seed: 5) == few)
    #expect(throws: PlanError.self) {
      try generator.dataset(count: 3, length: generator.minimumLength - 1, seed: 0)
    }
    #expect(throws: PlanError.self) { try generator.dataset(count: 0, length: 20, seed: 0) }
  }

  @Test(arguments: Generator.allCases)
  func `the least length leaves room for everything`(generator: Generator) throws {
    let dataset = try generator.dataset(count: 50, length: generator.minimumLength, seed: 2)
    #expect(dataset.count == 50)
  }
}
