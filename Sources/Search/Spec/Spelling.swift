/// Finds the name that a misspelt one was meant to be.
package enum Spelling {
  /// The nearest of some names, if it is near enough that it may have been meant.
  package static func nearest(to word: String, among names: [String]) -> String? {
    let word = word.lowercased()
    guard word.utf8.count <= 40 else { return nil }
    let measured = names.map { (name: $0, distance: distance(word, $0.lowercased())) }
    let best = measured.min { $0.distance < $1.distance }
    // One slip in three letters: "hiden", "learing_rate", but not "cat" for "cell".
    guard let best, best.distance <= max(1, min(word.count, best.name.count) / 3) else {
      return measured.first { $0.name.count >= 3 && word.hasPrefix($0.name + "_") }?.name
        ?? measured.first { word.count >= 3 && $0.name.hasPrefix(word) }?.name
    }
    return best.name
  }

  /// The least number of letters to insert, drop, change or swap with the next one (optimal string
  /// alignment).
  ///
  /// - Complexity: O(n m).
  package static func distance(_ first: String, _ second: String) -> Int {
    let first = Array(first.unicodeScalars)
    let second = Array(second.unicodeScalars)
    var before: [Int] = []
    var above = Array(0...second.count)
    for row in 0..<first.count {
      var current = [row + 1]
      for column in 0..<second.count {
        let isSame = first[row] == second[column]
        var least = min(
          above[column + 1] + 1, current[column] + 1, above[column] + (isSame ? 0 : 1))
        if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
          least = min(least, before[column - 1] + 1)
        }
        current.append(least)
      }
      before = above
      above = current
    }
    return above[second.count]
  }
}
