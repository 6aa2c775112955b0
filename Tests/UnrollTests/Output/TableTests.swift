import TestSupport
import Testing

/// Tables for a person, of whatever stands in the database.
@Suite(.scratchDatabaseForEach) struct TableTests {
  @Test func `columns stand under each other whatever the cells are`() throws {
    let program = try Program()
    try program.good("migrate")
    let printed = try program.good(
      "sql", "select * from (values ('日本語', 'a'), ('x', 'b'), ('☕', 'c')) v(one, two)")
    #expect(
      printed == """
        one     two
        日本語  a
        x       b
        ☕      c

        """)
  }

  @Test func `nothing in a cell commands the terminal, and bare values are as they are`() throws {
    let program = try Program()
    try program.good("migrate")
    let statement = #"select E'a\nb\x1b[31m' as word"#
    #expect(try program.good("sql", statement) == "word\na\\nb\\u{1b}[31m\n")
    #expect(try program.good("sql", "--values", statement) == "a\nb\u{1B}[31m\n")
  }
}
