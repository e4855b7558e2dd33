import HTTPCore

/// A file of records that is read twice: once to check all of it, once to send.
package protocol DeliveryInput: Sendable {
    /// Open for reading on a file that can be read from its start again.
    var descriptor: Int32 { get }
    /// As diagnostics show it.
    var name: String { get }

    /// Looks at every record. Faults of the file are in the result.
    ///
    /// - Throws: ``Failure`` when reading fails.
    func check() throws(Failure) -> InputCheck

    /// A source of the valid records that `isWanted`.
    ///
    /// - Parameters:
    ///   - check: What ``check()`` found; its invalid records are left out.
    ///   - isWanted: Asked with each valid record's ordinal.
    func batches(
        after check: InputCheck, where isWanted: @escaping (Int) -> Bool
    ) throws(Failure) -> Delivery.Source

    /// The first record that was sent, or may have been, and is not what `checks` (by ordinal; 0 for any) says; nil when all
    /// are.
    func firstChanged(
        from checks: [UInt32], among states: RecordStates
    ) throws(Failure) -> (ordinal: Int, line: Int)?
}

/// What checking every record of an input came to.
package struct InputCheck: Sendable {
    /// Records, valid or not.
    package var records = 0
    package var diagnostics = DiagnosticCollector()
    /// The records that cannot be sent.
    package var invalid = RecordRanges()
    /// The file's structure is at fault: there is no telling what follows, and nothing can be left out.
    package var isBroken = false
    /// Names of columns that are not sent, in the order of appearance; the first ones.
    package var unusedColumns: [String] = []

    package init() {}
}
