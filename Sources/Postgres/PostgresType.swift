/// A type of the server, by its object identifier.
public struct PostgresType: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// The object identifier in `pg_type`.
  public let rawValue: UInt32
  /// A type by its object identifier.
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  private init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// Left for the server to infer from the statement.
  public static let inferred = PostgresType(0)
  /// `boolean`
  public static let bool = PostgresType(16)
  /// `bytea`
  public static let bytea = PostgresType(17)
  /// `"char"`
  public static let char = PostgresType(18)
  /// `name`
  public static let name = PostgresType(19)
  /// `bigint`
  public static let int8 = PostgresType(20)
  /// `smallint`
  public static let int2 = PostgresType(21)
  /// `integer`
  public static let int4 = PostgresType(23)
  /// `text`
  public static let text = PostgresType(25)
  /// `oid`
  public static let oid = PostgresType(26)
  /// `json`
  public static let json = PostgresType(114)
  /// `real`
  public static let float4 = PostgresType(700)
  /// `double precision`
  public static let float8 = PostgresType(701)
  /// `unknown`: a literal without a type.
  public static let unknown = PostgresType(705)
  /// `character(n)`
  public static let bpchar = PostgresType(1042)
  /// `character varying`
  public static let varchar = PostgresType(1043)
  /// `timestamp with time zone`
  public static let timestamptz = PostgresType(1184)
  /// `interval`
  public static let interval = PostgresType(1186)
  /// `numeric`
  public static let numeric = PostgresType(1700)
  /// `void`: what a function without a result returns.
  public static let void = PostgresType(2278)
  /// `uuid`
  public static let uuid = PostgresType(2950)
  /// `jsonb`
  public static let jsonb = PostgresType(3802)

  /// The type of a one-dimensional array of these, where this library knows it.
  public var array: PostgresType? { Self.arrays[self] }

  /// Types from here on were made by users and extensions: enums and arrays of them among them.
  static let firstOfUsers: UInt32 = 16_384

  /// Whether values of the type may be arrays; of a user's type only its values can tell.
  var mayBeArray: Bool { rawValue >= Self.firstOfUsers || Self.arrayTypes.contains(self) }

  /// Built-in arrays whose elements can be read.
  private static let arrayTypes = Set(arrays.values).union(
    // json[], "char"[], name[], bpchar[], varchar[], oid[]
    [199, 1002, 1003, 1014, 1015, 1028].map(PostgresType.init(rawValue:)))

  /// The name as SQL writes it, or the bare number of a type that is not built in.
  public var description: String { Self.names[self] ?? "type with oid \(rawValue)" }

  private static let arrays: [PostgresType: PostgresType] = [
    .bool: PostgresType(1000), .bytea: PostgresType(1001), .int2: PostgresType(1005),
    .int4: PostgresType(1007), .text: PostgresType(1009), .int8: PostgresType(1016),
    .float4: PostgresType(1021), .float8: PostgresType(1022), .timestamptz: PostgresType(1185),
    .interval: PostgresType(1187), .uuid: PostgresType(2951), .jsonb: PostgresType(3807),
  ]

  private static let names: [PostgresType: String] = {
    var names: [PostgresType: String] = [
      .bool: "boolean", .bytea: "bytea", .char: "\"char\"", .name: "name", .int8: "bigint",
      .int2: "smallint", .int4: "integer", .text: "text", .oid: "oid", .json: "json",
      .float4: "real", .float8: "double precision", .unknown: "unknown", .bpchar: "character",
      .varchar: "character varying", .timestamptz: "timestamp with time zone",
      .interval: "interval", .numeric: "numeric", .void: "void", .uuid: "uuid", .jsonb: "jsonb",
      PostgresType(1082): "date", PostgresType(1083): "time without time zone",
      PostgresType(1114): "timestamp without time zone", PostgresType(2249): "record",
      PostgresType(1231): "numeric[]", PostgresType(869): "inet", PostgresType(1015): "varchar[]",
    ]
    for (element, array) in arrays { names[array] = (names[element] ?? "") + "[]" }
    return names
  }()
}
