// swift-tools-version: 6.2
import PackageDescription

// Every Swift target: warnings are errors, imports are internal and explicit, so that an import says
// who needs it. Tests/UnrollTests/ImportWallTests.swift checks the walls that the compiler cannot see.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

// The loops are the same in debug and release builds: a debug build that trains fifty times slower
// would be of no use to anyone. See Sources/CKernels.
let strictC: [CSetting] = [
  .treatAllWarnings(as: .error),
  .unsafeFlags(["-O3"]),
]

let package = Package(
  name: "unroll",
  products: [.executable(name: "unroll", targets: ["unroll"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // MARK: Mathematics
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .target(name: "CKernels", cSettings: strictC),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Philox", swiftSettings: strict),
    .target(
      name: "Recurrent", dependencies: ["CKernels", "COpenBLAS", "Philox"], swiftSettings: strict),
    .target(
      name: "Training",
      dependencies: [
        "Recurrent", "Philox", "CZlib", .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: strict),
    .target(name: "Search", dependencies: ["Philox", "Yams"], swiftSettings: strict),

    // MARK: Database
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .target(name: "Postgres", dependencies: ["CPostgres"], swiftSettings: strict),
    .target(
      name: "Store", dependencies: ["Postgres"], resources: [.embedInCode("SQL")],
      swiftSettings: strict),

    // MARK: Pictures
    .target(name: "Pictures", swiftSettings: strict),

    // MARK: Daemons and the command
    .target(
      name: "Orchestration",
      dependencies: [
        "Recurrent", "Training", "Search", "Postgres", "Store", "Philox",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "unroll",
      dependencies: [
        "Orchestration", "Store", "Search", "Training", "Postgres", "Pictures",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),

    // MARK: Tests
    .target(
      name: "TestSupport", dependencies: ["Orchestration", "Postgres", "Philox"],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    .testTarget(name: "PhiloxTests", dependencies: ["Philox"], swiftSettings: strict),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter", cSettings: strictC),
    .testTarget(
      name: "RecurrentTests",
      dependencies: ["Recurrent", "CKernels", "Philox", "TestSupport", "AllocationCounter"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "TrainingTests", dependencies: ["Training", "Recurrent", "Philox", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "SearchTests", dependencies: ["Search", "Philox", "TestSupport"],
      resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(name: "PicturesTests", dependencies: ["Pictures"], swiftSettings: strict),
    .testTarget(
      name: "PostgresTests", dependencies: ["Postgres", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "StoreTests", dependencies: ["Store", "Postgres", "Search", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "OrchestrationTests",
      dependencies: ["Orchestration", "Store", "Search", "Training", "Postgres", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "UnrollTests",
      dependencies: [
        "unroll", "Orchestration", "Store", "Search", "Training", "Postgres", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
  ]
)
