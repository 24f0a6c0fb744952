// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @notice What Intel says about its platforms, parsed and kept on chain: authorities, revocation lists, TCB info,
/// identities of quoting enclaves, PCK certificates. Anyone may add what Intel signed; nothing else gets in.
interface IPccs {
    enum Tee {
        SGX,
        TDX
    }

    /// @dev The first eight but `None` are Intel's. The last two: started under an old TDX module, a current one runs now.
    enum Status {
        None,
        UpToDate,
        SWHardeningNeeded,
        ConfigurationNeeded,
        ConfigurationAndSWHardeningNeeded,
        OutOfDate,
        OutOfDateConfigurationNeeded,
        Revoked,
        TDRelaunchAdvised,
        TDRelaunchAdvisedConfigurationNeeded
    }

    enum Kind {
        None,
        Root,
        PlatformCa,
        ProcessorCa,
        TcbSigning
    }

    /// @dev An authority's key and what is known of it. `crlThisUpdate` is 0 before its first revocation list.
    struct Authority {
        Kind kind;
        bool revoked;
        uint40 notBefore;
        uint40 notAfter;
        uint40 crlThisUpdate;
        uint40 crlNextUpdate;
        uint32 revokedCount;
        bytes32 x;
        bytes32 y;
        bytes32 revokedHash;
    }

    /// @notice What a PCK certificate says. Only its hash is kept on chain; who uses it sends it along.
    struct Pck {
        bytes32 authority;
        bytes32 x;
        bytes32 y;
        uint160 serial;
        uint40 notAfter;
        bytes16 svns;
        uint16 pceSvn;
        bytes2 pceId;
        bytes6 fmspc;
        /// The first 12 bytes of keccak256 of the PPID: the machine.
        bytes12 platformId;
    }

    /// @notice What a quote says that collateral has to judge.
    struct Measured {
        Tee tee;
        uint16 evaluation;
        bytes16 teeTcbSvn;
        /// The same as `teeTcbSvn` before TDX 1.5; zero for SGX.
        bytes16 teeTcbSvn2;
        /// keccak256 of MRSIGNERSEAM.
        bytes32 seamSigner;
        bytes8 seamAttributes;
        bytes32 qeMrSigner;
        bytes16 qeAttributes;
        bytes4 qeMiscSelect;
        uint16 qeProdId;
        uint16 qeSvn;
    }

    /// @notice The newest evaluation of a TEE that Intel published (early track), and the oldest that counts beside it.
    struct Evaluations {
        uint16 latest;
        uint16 oldest;
    }

    /// @notice No authority has this key.
    error AuthorityUnknown(bytes32 key);

    /// @notice The authority's kind does not do this.
    error AuthorityUnfit(bytes32 key, Kind kind);

    /// @notice The authority's certificate ended, or it or a list that it needs is missing or outdated.
    error AuthorityNotCurrent(bytes32 key, uint256 notAfter, uint256 crlNextUpdate);

    /// @notice The authority was revoked by the root.
    error AuthorityRevoked(bytes32 key);

    /// @notice The certificate's names or uses are not those of an authority or PCK certificate of Intel.
    error CertificateUnfit(bytes32 issuer, bytes32 subject, bool authority, uint256 usage);

    /// @notice Not signed by the key that should have.
    error SignatureWrong(bytes32 key);

    /// @notice What is kept is as new, or newer.
    error NotNewer(uint256 issued, uint256 kept);

    /// @notice Outside of the dates that it names itself.
    error NotCurrent(uint256 from, uint256 until, uint256 now_);

    /// @notice The revocation list names another issuer.
    error WrongIssuer(bytes32 name);

    /// @notice The certificate is on its issuer's revocation list.
    error Revoked(bytes32 authority, uint256 serial);

    /// @notice This certificate was not registered, or what was sent is not what it says.
    error PckUnknown(bytes32 authority, uint256 serial);

    /// @notice The PCK certificate ended.
    error PckExpired(uint256 notAfter, uint256 now_);

    /// @notice The document has another `id`.
    error WrongKind(bytes32 id);

    /// @notice The document has another version or TCB type.
    error WrongVersion(uint256 version);

    /// @notice A member is there twice.
    error MemberTwice(bytes32 name);

    /// @notice Members are missing, or do not belong to this kind of document; `seen` are the bits of those there.
    error MembersMissing(uint256 seen);

    /// @notice A number or a list is larger than its limit.
    error TooLarge(uint256 value, uint256 limit);

    /// @notice Newer than any evaluation of the TEE that was taken in, or older than all that count.
    error EvaluationNotAccepted(uint256 evaluation, uint256 latest, uint256 oldest);

    /// @notice There is no TCB info for this platform model, or its signer was revoked since, or it is outdated.
    error TcbInfoNotCurrent(Tee tee, bytes6 fmspc, bytes2 pceId, uint256 evaluation, uint256 nextUpdate);

    /// @notice There is no identity of this quoting enclave, or its signer was revoked since, or it is outdated.
    error QeIdentityNotCurrent(Tee tee, uint256 evaluation, uint256 nextUpdate);

    /// @notice The quoting enclave is not Intel's.
    error QeIdentityWrong();

    /// @notice The quoting enclave is older than any good one.
    error QeTcbTooLow(uint256 svn);

    /// @notice The platform is older than any level that Intel rates.
    error TcbLevelMissing(bytes16 svns, uint256 pceSvn, bytes16 teeTcbSvn);

    /// @notice Intel revoked the platform's level.
    error TcbRevoked(bytes16 svns, uint256 pceSvn, bytes16 teeTcbSvn);

    /// @notice The TCB info knows no TDX module of this major version.
    error TdxModuleUnknown(uint256 version);

    /// @notice The TDX module's signer or attributes are not Intel's.
    error TdxModuleIdentityWrong(bytes32 seamSigner, bytes8 seamAttributes);

    /// @notice The TDX module is older than any good one.
    error TdxModuleTcbTooLow(uint256 version, uint256 svn);

    /// @notice An authority's certificate was taken in.
    event AuthorityAdded(bytes32 indexed key, Kind kind, uint256 serial, uint256 notAfter);

    /// @notice The root revoked an authority. What a revoked TCB signer signed has to be added again, signed by another.
    event AuthorityWasRevoked(bytes32 indexed key, uint256 serial);

    /// @notice A revocation list was taken in; `added` of its serial numbers were new.
    event CrlUpdated(bytes32 indexed authority, uint256 thisUpdate, uint256 nextUpdate, uint256 added);

    /// @notice TCB info was taken in.
    event TcbInfoUpdated(
        Tee indexed tee,
        bytes6 indexed fmspc,
        bytes2 pceId,
        uint256 indexed evaluation,
        uint256 issueDate,
        uint256 nextUpdate
    );

    /// @notice An identity of a quoting enclave was taken in.
    event QeIdentityUpdated(
        Tee indexed tee, uint256 indexed evaluation, uint256 issueDate, uint256 nextUpdate
    );

    /// @notice A PCK certificate was taken in. `pck` is what its users send along.
    event PckRegistered(
        bytes32 indexed authority, uint256 indexed serial, bytes12 indexed platformId, Pck pck
    );

    /// @notice Takes in the certificate of a PCK authority or of a TCB signer, issued by the pinned root.
    /// @dev A key that was revoked once stays so. Of two certificates of a key the later one counts.
    /// @param certificate DER.
    /// @return key keccak256 of the key's coordinates with the last bit cleared: the name of the authority here.
    function addAuthority(bytes calldata certificate) external returns (bytes32 key);

    /// @notice Takes in the revocation list of the root or of a PCK authority. Revoked once is revoked for ever.
    /// @dev Cheap where the list begins with the serial numbers of the one before, in order, as Intel's do.
    /// @param crl DER.
    function updateCrl(bytes32 authority, bytes calldata crl) external;

    /// @notice Takes in TCB info of a new evaluation, or of one that counts.
    /// @param json The text of the member `tcbInfo`, exactly as signed.
    function updateTcbInfo(bytes32 signer, bytes calldata json, bytes32 r, bytes32 s) external;

    /// @notice Takes in the identity of a quoting enclave, of a new evaluation or of one that counts.
    /// @param json The text of the member `enclaveIdentity`, exactly as signed.
    function updateQeIdentity(bytes32 signer, bytes calldata json, bytes32 r, bytes32 s) external;

    /// @notice Takes in a PCK certificate. Twice does nothing more.
    /// @param certificate DER.
    function registerPck(bytes32 authority, bytes calldata certificate) external returns (Pck memory);

    /// @notice The rating of a platform and of what it measured, and until when the collateral behind it holds.
    /// @dev Reverts with the first check that fails. Never answers `None` or `Revoked`.
    function rate(Pck calldata pck, Measured calldata measured)
        external
        view
        returns (Status status, uint40 expiry);

    /// @notice The name of the root key that all is pinned to.
    function rootKey() external view returns (bytes32);

    /// @notice An authority; its kind is `None` where there is none.
    function authorityOf(bytes32 key) external view returns (Authority memory);

    /// @notice The evaluations that count for a TEE now, as far as their documents are current: the newest eight.
    /// @dev Intel goes on signing the standard track's, a year behind the newest, and all between; what it gives up ends by itself.
    function evaluationsOf(Tee tee) external view returns (Evaluations memory);

    /// @notice Dates of a TCB info, as seconds; zeros where there is none that counts.
    function tcbInfoDates(Tee tee, bytes6 fmspc, bytes2 pceId, uint16 evaluation)
        external
        view
        returns (uint256 issueDate, uint256 nextUpdate);

    /// @notice Dates of an identity of a quoting enclave; zeros where there is none that counts.
    function qeIdentityDates(Tee tee, uint16 evaluation)
        external
        view
        returns (uint256 issueDate, uint256 nextUpdate);

    /// @notice Whether the certificate is known, and whether it is revoked.
    function pckStatus(Pck calldata pck) external view returns (bool known, bool revoked);
}
