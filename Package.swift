// swift-tools-version: 6.2
import PackageDescription

// No package dependency, on purpose: the toolchain's Foundation and, on Linux, the system's libcrypto are all there is.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A module of the library, named after its folder in Sources.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport"], resources: resources, swiftSettings: settings)
}

let package = Package(
    name: "integrate",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "integrate", targets: ["integrate"]),
        .library(name: "IntegrateKit", targets: ["Delivery", "VendorAPIs", "Authorization", "HTTPCore"]),
    ],
    targets: [
        // From top to bottom: a module imports only what stands below it.
        .executableTarget(
            name: "integrate",
            dependencies: ["VendorSandbox", "Delivery", "VendorAPIs", "Authorization", "HTTPCore", "Arguments"],
            swiftSettings: settings),
        module("VendorSandbox", ["Delivery", "Authorization", "HTTPCore"]),
        module("Delivery", ["VendorAPIs", "Authorization", "HTTPCore"]),
        module("VendorAPIs", ["Authorization", "HTTPCore"]),
        module("Authorization", ["HTTPCore", .target(name: "COpenSSL", condition: .when(platforms: [.linux]))]),
        module("HTTPCore"),
        module("Arguments"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        .target(
            name: "TestSupport", dependencies: ["HTTPCore", "Authorization"], path: "Tests/TestSupport",
            swiftSettings: settings),
        tests("ArgumentsTests", ["Arguments"]),
        tests("HTTPCoreTests", ["HTTPCore"]),
        tests("AuthorizationTests", ["Authorization", "HTTPCore"], resources: [.copy("Fixtures")]),
        tests("VendorAPIsTests", ["VendorAPIs", "Authorization", "HTTPCore"]),
        tests("DeliveryTests", ["Delivery", "VendorAPIs"], resources: [.copy("Fixtures")]),
        tests("VendorSandboxTests", ["VendorSandbox", "Authorization"]),
        tests(
            "IntegrateTests", ["integrate", "VendorSandbox", "Delivery", "Authorization", "HTTPCore", "Arguments"],
            resources: [.copy("Golden")]),
        .executableTarget(
            name: "Benchmarks",
            dependencies: ["integrate", "Delivery", "Authorization", "Arguments", "TestSupport"],
            path: "Tests/Benchmarks", exclude: ["Scripts"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
