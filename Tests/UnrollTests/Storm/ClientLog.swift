/// What the workers said in their own log: a trial that a worker believes to have ended well must be
/// that, under that attempt and with that value.
struct ClientLog {
  struct Success {
    let trial: Int
    let attempt: Int
    let objective: Double
  }

  let successes: [Success]

  init(_ text: String) {
    successes = text.split(separator: "\n").compactMap { line in
      guard let message = line.firstRange(of: ": succeeded ") else { return nil }
      var fields: [Substring: Substring] = [:]
      for word in line[message.upperBound...].split(separator: " ") {
        guard let sign = word.firstIndex(of: "=") else { continue }
        fields[word[..<sign]] = word[word.index(after: sign)...]
      }
      guard let trial = fields["trial"].flatMap({ Int($0) }),
        let attempt = fields["attempt"].flatMap({ Int($0) }),
        let objective = fields["objective"].flatMap({ Double($0) })
      else { return nil }
      return Success(trial: trial, attempt: attempt, objective: objective)
    }
  }
}

extension Storm {
  /// Where the log of the workers and the results differ. A result without a line is a worker that was
  /// killed between the two, or whose answer was lost.
  func lies() throws -> [String] {
    let said = ClientLog(program.log).successes
    let rows = said.map { "(\($0.trial)::bigint, \($0.attempt), \($0.objective)::float8)" }
    guard !rows.isEmpty else { return ["I4: the workers' log tells of no success"] }
    return try value(
      """
      select array(
        select format('I4: a worker said that attempt %s of trial %s succeeded with %s; it is %s, '
            'token %s, with %s', c.attempt, c.trial, c.objective, coalesce(s.state::text, 'missing'),
            r.token, r.objective)
        from (values \(rows.joined(separator: ", "))) c(trial, attempt, objective)
          left join unroll_internal.status s on s.trial_id = c.trial
          left join unroll_internal.result r on r.trial_id = c.trial
        where s.state is distinct from 'succeeded' or r.token is distinct from c.attempt
          or r.objective is distinct from c.objective)
      """)
  }
}
