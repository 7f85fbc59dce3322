//! What the reference router can do wrong: one variant per fault, each so that a check fails.
//!
//! A device under test is judged by checks; checks are judged by these.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

/// One thing the reference router does wrong.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumMessage,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Defect {
    /// Ignores the per-domain table and asks the default servers for every name (guide p.7).
    OneDnsForAll,
    /// Asks the default servers for ONS names, too, besides the right ones.
    LeaksOnsNames,
    /// Has room for five domains in its table.
    TableOfFive,
    /// Knows the six domains of the guide alone, whatever is added to its table.
    KnowsSixDomainsOnly,
    /// Takes a row of its table for names one label below the domain only.
    MatchesOneLabel,
    /// Compares the domains of its table by the letter.
    CaseSensitiveTable,
    /// Takes a row of its table for every name that has the domain in it somewhere.
    MatchesAnywhere,
    /// Asks a server of the other area when those of its own are silent.
    AsksOtherArea,
    /// Asks the servers that it was told by DHCPv6 for ONS names, whatever its table says: below a
    /// home gateway, the gateway (guide p.5, p.30).
    AsksLearntServers,
    /// Asks the alternate server of each pair first.
    AlternateFirst,
    /// Gives up on a name when its preferred server is silent.
    NoFailover,
    /// Takes no answer to a question once it has asked again.
    ForgetsEarlierTries,
    /// Asks silent servers again twenty times a second.
    DnsStorm,
    /// Asks nothing for five minutes once all servers were silent.
    GivesServersUp,
    /// Never goes back to a preferred server that was silent.
    StaysWithAlternate,
    /// Drops DNS answers above 512 bytes, as a Yamaha NVR500 that has no `edns=on` (ngn-facts
    /// §4.4).
    DropsLargeAnswers,
    /// Cuts every UDP answer to 512 bytes with TC set, whatever size the client offered.
    #[serde(rename = "truncates-512")]
    #[strum(serialize = "truncates-512")]
    Truncates512,
    /// Cuts long UDP answers without setting TC.
    TruncatesWithoutTc,
    /// Clears the TC bit of answers that a server cut.
    ClearsTc,
    /// Has no DNS over TCP on its LAN, as Yamaha proxies (ngn-facts §4.4).
    NoDnsTcp,
    /// Asks servers over UDP first whatever comes in over TCP.
    AsksUdpFirst,
    /// Answers questions that came over TCP with a datagram.
    AnswersTcpOverUdp,
    /// Closes a TCP connection once it has answered one question.
    ClosesAfterOneAnswer,
    /// Takes what one segment brings for a whole DNS message, and closes if it is not.
    ReadsTcpOnce,
    /// Serves one TCP client at a time, the others when it has gone.
    OneTcpClient,
    /// Answers AAAA questions with no data, as the suppression switch of some home gateways (ngn-
    /// facts §3.5).
    FiltersAaaa,
    /// Changes the letters of a question to lower case on their way to the client.
    LowercasesNames,
    /// Answers under the id that it used upstream.
    LeaksUpstreamIds,
    /// Sends every answer twice.
    AnswersTwice,
    /// Answers from another of its addresses than the one that was asked.
    AnswersFromOtherAddress,
    /// Passes errors on as a header without the question.
    BareErrors,
    /// Forgets questions that come while another one is open.
    OneQuestionAtATime,
    /// Takes questions with the same id for one, whoever asks.
    MixesUpIds,
    /// Drops questions that carry an OPT record.
    DropsEdns,
    /// Removes the OPT record from the questions it forwards.
    StripsEdns,
    /// Adds an OPT record to questions that have none, and leaves the server's in the answer.
    AddsEdns,
    /// Announces 4096 bytes upstream whatever the client has room for.
    RaisesEdnsSize,
    /// Clears the DO bit on the way upstream.
    ClearsDo,
    /// Drops questions whose OPT record has options.
    DropsEdnsOptions,
    /// Drops questions whose OPT record has more than one option.
    DropsManyEdnsOptions,
    /// Drops questions with EDNS flags that it does not know.
    DropsEdnsFlags,
    /// Drops questions of other EDNS versions than 0.
    DropsEdnsVersions,
    /// Removes TSIG records from questions.
    StripsTsig,
    /// Drops questions for TKEY.
    DropsTkey,
    /// Drops questions with the AD, CD or reserved bit set, as RFC 1035 had them zero.
    DropsHeaderBits,
    /// Sets the RD bit in every question.
    SetsRecursionDesired,
    /// Drops requests with another opcode than QUERY.
    DropsOpcodes,
    /// Drops questions with records whose names are compressed.
    DropsPointers,
    /// Drops questions of other classes than IN.
    DropsForeignClasses,
    /// Drops questions with names longer than 128 octets.
    DropsLongNames,
    /// Drops questions with names that no computer could have.
    DropsOddNames,
    /// Names itself as DNS server but does not answer.
    NoDnsProxy,
    /// Loses its per-domain table in a power cut, as a configuration that was never saved
    /// (guide p.7).
    ForgetsDnsTable,
    /// Numbers its upstream questions one after the other.
    SequentialDnsIds,
    /// Asks every upstream question from the same port.
    FixedDnsPort,
    /// Believes answers whatever their id.
    IgnoresDnsId,
    /// Believes answers that come to another port than the question left from.
    IgnoresDnsPort,
    /// Believes answers from addresses that it did not ask.
    IgnoresDnsSource,
    /// Believes answers to questions that it did not ask.
    IgnoresDnsQuestion,
    /// Throws malformed answers away without telling the terminal.
    SilentOnMalformed,
    /// Never answers again once a malformed answer came.
    HangsOnMalformed,
    /// Answers DNS questions that come in on the WAN.
    DnsOpenOnWan,
    /// Drops questions for types it has never heard of.
    DropsUnknownTypes,
    /// Drops questions for HTTPS and SVCB records.
    DropsHttpsType,
    /// Overwrites the content of records whose type it does not know.
    ErasesUnknownRecords,
    /// Turns a name error into an empty answer.
    HidesNxdomain,
    /// Turns an answer without data into a name error, so that a name with AAAA records alone is
    /// gone for whoever asks for A first (RFC 4074 §4.2).
    NodataIsNxdomain,
    /// Drops answers that say SERVFAIL or REFUSED, and leaves the terminal waiting.
    DropsFailures,
    /// Drops answers without any record.
    DropsEmptyAnswers,
    /// Passes answers on without their authority and additional sections.
    DropsAuthority,
    /// Passes on the first alias of a chain alone.
    CutsAliasChains,
    /// Turns the order of the addresses round.
    ReordersAnswers,
    /// Serves answers from a cache for minutes with the lifetimes they came with.
    TtlStandsStill,
    /// Remembers that a name does not exist for minutes.
    CachesNameErrors,
    /// Serves answers from a cache together with the OPT record they came with.
    CachesOpt,
    /// Serves cut answers from a cache as if they were whole.
    CachesCutAnswers,
    /// Asks the ONS servers for the area's service domain, too.
    NgnNamesToOns,
    /// Identifies itself by DUID-LLT, as the default of OpenWrt 25.12, which the network drops
    /// (ngn-facts §2.1).
    DuidLlt,
    /// Makes itself another DUID whenever it boots.
    NewDuidAfterReboot,
    /// Numbers its identity association anew whenever it boots.
    NewIaidAfterReboot,
    /// Sends no Information-Request on RA lines, as OpenWrt from 2025-12 on (ngn-facts §2.4).
    NoInformationRequest,
    /// Sends no Information-Request when the cable of an RA line comes back.
    NoInformationAfterLinkUp,
    /// Never asks again for what an Information-Request once brought.
    NeverRefreshesInformation,
    /// Follows an Information Refresh Time below ten minutes to the second.
    RefreshesTooOften,
    /// Sends DHCPv6 messages without a Client Identifier.
    NoClientId,
    /// Sends DHCPv6 messages without an Elapsed Time.
    NoElapsedTime,
    /// Takes a fresh transaction id for every retransmission.
    NewXidOnRetransmit,
    /// Counts its DHCPv6 transaction ids up, from one after every boot.
    SequentialXids,
    /// Leaves SOL_MAX_RT out of its Option Request.
    NoSolMaxRt,
    /// Sends SOL_MAX_RT with a value of its own instead of asking for it.
    SendsSolMaxRt,
    /// Does not follow the SOL_MAX_RT of a refusal.
    IgnoresSolMaxRt,
    /// Follows a SOL_MAX_RT below the least that is allowed.
    TakesAnySolMaxRt,
    /// Leaves the refresh time and INF_MAX_RT out of its Information-Request.
    NoInfMaxRt,
    /// Asks for the Information Refresh Time in Solicit and Request, too.
    RefreshTimeEverywhere,
    /// Names option codes twice in its Option Request, and its own Client Identifier with them.
    RepeatsOptionCodes,
    /// Leaves the DNS servers out of its Option Request.
    NoDnsRequest,
    /// Sends Request and Renew without the Server Identifier.
    NoServerId,
    /// Repeats Solicit every second without backing off.
    SolicitStorm,
    /// Repeats its first Solicit before a second is over.
    ImpatientSolicit,
    /// Gives up after five Solicits until it is switched off and on.
    GivesUpSoliciting,
    /// Sends another Solicit at once whenever an Advertise has nothing to offer.
    SolicitsWhenRefused,
    /// Sends a Request after an Advertise that has nothing to offer.
    RequestsEmptyOffers,
    /// Takes the first Advertise at once without waiting for better ones.
    RequestsAtOnce,
    /// Takes the first of several offers whatever their preference.
    FirstOfferWins,
    /// Waits for more offers even after one with preference 255.
    IgnoresPreference,
    /// Repeats Request every second for ever.
    RequestStorm,
    /// Repeats a Request that failed with UnspecFail at once.
    RetriesUnspecFailAtOnce,
    /// Takes in DHCPv6 answers whatever their transaction id, client and server.
    AcceptsForgedReplies,
    /// Drops DHCPv6 messages with options that it does not know.
    DropsUnknownOptions,
    /// Takes in DHCPv6 messages of unknown type as if they were Replies.
    TakesAnyMessageType,
    /// Never renews its delegated prefix, so that it runs out after hours (ngn-facts §2.2).
    NoRenew,
    /// Renews with lifetimes of zero, as systemd-networkd, which home gateways drop (ngn-facts
    /// §3.3).
    ZerosInRenew,
    /// Sends Renew to the address the answer came from, uninvited.
    UnicastRenew,
    /// Goes on by unicast after UseMulticast.
    InsistsOnUnicast,
    /// Repeats Renew every second while the server is silent.
    RenewStorm,
    /// Goes on with Renew after T2.
    NoRebind,
    /// Sends Rebind with the Server Identifier of the server that is silent.
    RebindWithServerId,
    /// Falls silent once its lease has run out.
    NoSolicitAfterExpiry,
    /// Takes its lease for good when the cable comes back.
    NoRebindAfterLinkUp,
    /// Goes on with Renew although the server has no binding.
    IgnoresNoBinding,
    /// Keeps the search list that a later Reply lacks.
    KeepsWithdrawnOptions,
    /// Takes a T1 of zero for now and renews every second.
    ZeroT1MeansAtOnce,
    /// Takes a delegation whose T1 lies after its T2.
    AcceptsT1AboveT2,
    /// Takes a delegation that is preferred longer than it is valid.
    AcceptsPreferredAboveValid,
    /// Releases its delegation when it starts again.
    ReleasesAtRestart,
    /// Does not say that it accepts Reconfigure, so that it hears of a new prefix hours late
    /// (ngn-facts §2.2).
    NoReconfigureAccept,
    /// Says that it accepts Reconfigure and ignores it.
    IgnoresReconfigure,
    /// Does what a Reconfigure says, whoever sent it.
    ObeysAnyReconfigure,
    /// Begins its Renew anew with every further Reconfigure.
    RestartsAtEachReconfigure,
    /// Asks for no address although the line says that addresses are managed.
    NoAddressRequest,
    /// Refuses a delegation because no address came with it.
    PrefixFailsWithAddress,
    /// Asks for a delegation only where the line says that addresses are managed.
    WaitsForMFlag,
    /// Hints at a /72, which has no room for a LAN.
    HintsTooLong,
    /// Hints at a prefix of length zero.
    ZeroLengthHint,
    /// Wishes for lifetimes of its own in Solicit and Request.
    WishesLifetimes,
    /// Accepts nothing but a /56, so that it gets no prefix from a home gateway (ngn-facts §3.1).
    #[serde(rename = "only-accepts-56")]
    #[strum(serialize = "only-accepts-56")]
    OnlyAccepts56,
    /// Wants an address with its prefix, and takes no delegation that comes without one, which the
    /// network never grants (ngn-facts §2.1).
    InsistsOnAddress,
    /// Gives the LAN the /64 of the line's RA where it has a delegation as well.
    PrefersAdvertisedPrefix,
    /// Numbers its LAN as if every delegation were a /56, and leaves a /60 by that (ngn-facts §3.1).
    #[serde(rename = "treats-60-as-56")]
    #[strum(serialize = "treats-60-as-56")]
    Treats60As56,
    /// Sends packets for unused parts of its delegated prefix back to the line.
    NoNullRoute,
    /// Drops packets for unused parts of its delegated prefix without saying so.
    SilentNullRoute,
    /// Answers DHCPv6 clients on the WAN, too.
    Dhcpv6ServerOnWan,
    /// Drops DHCPv6 answers that do not come from port 547, as home gateways send them (ngn-facts
    /// §3.3).
    #[serde(rename = "filters-source-port-547")]
    #[strum(serialize = "filters-source-port-547")]
    FiltersSourcePort547,
    /// Sends no Router Advertisement on the LAN.
    NoLanRa,
    /// Advertises the LAN prefix without the A flag, so that terminals form no address.
    NoAFlag,
    /// Advertises the whole delegation on the LAN instead of a /64 of it, so that terminals form no
    /// address.
    AdvertisesWholeDelegation,
    /// Swaps the two lifetimes of the prefix it advertises.
    PreferredAboveValid,
    /// Sets the M flag on the LAN without having addresses to give.
    ManagedFlagOnLan,
    /// Advertises no DNS server on the LAN.
    NoRdnss,
    /// Gives the RDNSS option room for half an address more than it holds.
    EvenRdnssLength,
    /// Names DNS servers for less than the time between two advertisements.
    ShortDnsLifetimes,
    /// Advertises routes, DNS servers and search list for a week, whatever becomes of the prefix.
    LongDnsLifetimes,
    /// Leaves the final zero out of the names in its DNSSL option, and pads it with leftovers.
    UnterminatedSearchList,
    /// Advertises no route to the prefix it was delegated.
    NoRouteInformation,
    /// Advertises the route to its delegated prefix twice in one advertisement.
    RouteInformationTwice,
    /// Names another MAC address than its own in its advertisements.
    ForeignSourceLinkLayer,
    /// Advertises an MTU of jumbo frames, which its line does not carry.
    JumboMtuOnLan,
    /// Leaves what its memory held in the reserved fields of its advertisements.
    DirtyReservedFields,
    /// Answers Router Solicitations several seconds late.
    SlowRaAnswer,
    /// Multicasts Router Advertisements several times a second.
    RaFlood,
    /// Sends one advertisement when it starts and waits its full interval for the next one.
    NoInitialBurst,
    /// Advertises at the beat of a clock instead of a random interval.
    FixedRaInterval,
    /// Sends Router Advertisements from a global address.
    RaFromGlobal,
    /// Answers Router Solicitations whose hop limit shows that they were forwarded.
    AnswersInvalidRs,
    /// Answers Neighbor Solicitations that fail the validity checks.
    AnswersInvalidNs,
    /// Does not answer Neighbor Solicitations on the LAN, as behind a filter for ICMPv6.
    NoLanNeighborAdverts,
    /// Clears the R flag in its Neighbor Advertisements, as Linux on an interface that does not
    /// forward.
    NoRouterFlag,
    /// Leaves its MAC address out of its Neighbor Advertisements.
    NoTargetLinkLayer,
    /// Does not answer DHCPv6 on the LAN although it sets the O flag (ngn-facts §5.12).
    NoLanDhcpv6,
    /// Answers Information-Requests without DNS servers.
    Dhcpv6WithoutDns,
    /// Names the line's DNS servers to DHCPv6 clients on the LAN instead of itself, so that its
    /// per-domain table is never asked (guide p.7).
    AnnouncesLineDns,
    /// Answers DHCPv6 clients without looking whether their message is for it.
    AnswersMisdirectedDhcpv6,
    /// Answers DHCPv6 clients with a transaction id of its own.
    OwnXidInLanReply,
    /// Leaves the client's identifier out of its DHCPv6 answers.
    NoClientIdInLanReply,
    /// Leaves its own identifier out of its DHCPv6 answers.
    NoServerIdInLanReply,
    /// Sends its DHCPv6 answers to all nodes.
    MulticastsLanReplies,
    /// Keeps the line's search list to itself.
    KeepsSearchList,
    /// Keeps the line's SNTP servers to itself.
    KeepsSntpServers,
    /// Advertises a LAN prefix that the line never assigned.
    ForeignLanPrefix,
    /// Advertises the LAN prefix for 30 days whatever the line granted.
    LifetimesOutliveTheLease,
    /// Keeps advertising the old prefix after the line was renumbered, as Yamaha without `ngn type`
    /// (ngn-facts §1.3).
    KeepsOldPrefix,
    /// Gives the LAN the first prefix that it ever had, as scripts that run once at link-up do.
    NeverRenumbers,
    /// Keeps asking DNS servers from an address of the old prefix after the line was renumbered.
    StaleOwnSource,
    /// Passes on what terminals send from the old prefix alone after the line was renumbered.
    StaleSourceFilter,
    /// Forgets over a power cut which prefix it advertised, so that it withdraws none.
    ForgetsPrefixOverPowerCut,
    /// Withdraws an old prefix with the two hours of RFC 7084 instead of at once.
    WithdrawsOverTwoHours,
    /// Withdraws an old prefix for a minute, so that terminals that sleep do not hear of it.
    WithdrawsForAMinute,
    /// Advertises lifetimes above the limits of RFC 9096 even when the line would allow them.
    LongLanLifetimes,
    /// Advertises a router lifetime above the limit of RFC 9096.
    LongRouterLifetime,
    /// Advertises itself as default router before it has a prefix or an upstream router.
    DefaultWithoutPrefix,
    /// Goes on as default router of the LAN when the line's router has withdrawn itself.
    KeepsDefaultAfterWanLoss,
    /// Sends Router Solicitations on the WAN from the unspecified address.
    RsFromUnspecified,
    /// Sends Router Solicitations before duplicate address detection is over.
    RsBeforeDad,
    /// Sends a Router Solicitation every second until an advertisement comes.
    RsStorm,
    /// Keeps sending Router Solicitations although it has its advertisement.
    KeepsSoliciting,
    /// Takes in Router Advertisements that RFC 4861 §6.1.2 has thrown away: forwarded ones, a code
    /// other than 0, a source that is not link-local.
    AcceptsInvalidRa,
    /// Throws a Router Advertisement away because it has an option that it does not know.
    DropsUnknownRaOptions,
    /// Takes whoever advertises as its default router, even with a router lifetime of zero.
    AnyAdvertiserIsRouter,
    /// Goes on using a default router that has withdrawn itself.
    IgnoresRouterLifetimeZero,
    /// Forgets the oldest default router when too many advertise, as tables of fixed size that
    /// evict the oldest entry.
    KeepsNewestRouters,
    /// Falls into an endless loop on an option of length zero in an advertisement.
    HangsOnEmptyOption,
    /// Crashes on a DHCPv6 message whose options run past its end, and does not restart.
    HangsOnBadDhcpv6,
    /// Does not solicit when the WAN cable is plugged in again.
    NoSolicitAfterFlap,
    /// Gives its router up for good when the line was silent for ten seconds, as gateway monitors
    /// that never look again.
    GivesUpSilentRouter,
    /// Forms no address from the prefix that is advertised on the WAN.
    NoSlaac,
    /// Forms addresses from prefixes whose A flag is clear.
    IgnoresAFlag,
    /// Forms addresses from prefixes that are preferred longer than they are valid.
    TakesPreferredAboveValid,
    /// Forms addresses from prefixes of any length.
    SlaacFromAnyLength,
    /// Lets any advertisement cut the valid lifetime of its addresses below two hours.
    CutsValidLifetimes,
    /// Goes on preferring an address whose preferred lifetime an advertisement has set to zero.
    IgnoresZeroPreferred,
    /// Looks on the WAN for every address of a prefix it has an address in, on-link or not.
    AssumesOnLink,
    /// Answers Router Solicitations that come from the line.
    AnswersRsOnWan,
    /// Speaks RIPng on the WAN, as routing daemons that run on every interface.
    RipngOnWan,
    /// Sends packets of its own from the WAN's link-local address although the line delegated a
    /// prefix.
    OwnPacketsFromLinkLocal,
    /// Hears Router Advertisements only while it solicits.
    OnlySolicitedRa,
    /// Sends Router Advertisements on the WAN.
    RaOnWan,
    /// Uses addresses without duplicate address detection.
    NoDad,
    /// Uses addresses although duplicate address detection found another owner.
    IgnoresDuplicates,
    /// Forwards packets whose source lies outside the assignment.
    ForeignSource,
    /// Forwards packets of the LAN before the line has delegated a prefix.
    ForwardsBeforePd,
    /// Lets unique local addresses cross the border to the line.
    UlaOnWan,
    /// Relays terminals' solicitations upstream but answers none for them, so that all is over
    /// after minutes (guide FAQ 1, ngn-facts §3.4).
    NdProxyOneWay,
    /// Takes the upstream router for dead unless it answers pings, which the edge never does
    /// (ngn-facts §1.2).
    GatewayMustAnswerPings,
    /// Takes the line for dead because a host in the internet, which is not behind it, resets its
    /// connections (ngn-facts §4.2).
    NeedsInternet,
    /// Passes on the packets of one terminal only.
    ServesOneTerminal,
    /// Answers upstream solicitations for every address of the /64, present or not.
    NdProxyAnswersAll,
    /// Marks what it passes on to the line as AF41, which the network drops (ngn-facts §4.2).
    #[serde(rename = "marks-as-af41")]
    #[strum(serialize = "marks-as-af41")]
    MarksAsAf41,
    /// Names the terminal's own MAC when it answers for one, as a relay that copies the answer.
    NdProxyNamesTheTerminal,
    /// Sets the O flag when it answers for a terminal, as if the address were its own.
    NdProxyOverrides,
    /// Answers upstream solicitations for any global address, the neighbours' included.
    NdProxyAnswersStrangers,
    /// Lets terminals take addresses without asking the line for duplicates.
    NdProxyKeepsDadToItself,
    /// Does not defend terminals' addresses when somebody on the line checks them for duplicates.
    NdProxyDefendsNobody,
    /// Forwards packets without lowering their hop limit.
    KeepsHopLimit,
    /// Drops packets whose hop limit ran out without saying so.
    NoTimeExceeded,
    /// Clears the flow label of what it forwards.
    ClearsFlowLabel,
    /// Clears the traffic class of what it forwards, as a router that trusts no marks.
    ClearsTrafficClass,
    /// Drops packets that have extension headers.
    DropsExtensionHeaders,
    /// Drops fragments, since they show no ports.
    DropsFragments,
    /// Counts the Ethernet header into the MTU, so that packets of 1500 bytes do not pass.
    CountsEthernetIntoMtu,
    /// Sets the UDP checksum of what it forwards to zero, as a broken offload.
    ZeroesUdpChecksums,
    /// Sends everything for terminals to all of them, in multicast frames.
    FloodsTheLan,
    /// Forwards packets with a link-local source.
    ForwardsLinkLocal,
    /// Forwards packets from and to the loopback address.
    ForwardsLoopback,
    /// Forwards packets from the unspecified address.
    ForwardsUnspecified,
    /// Does not answer echo requests.
    NoEchoReply,
    /// Answers errors with errors.
    ErrorsAboutErrors,
    /// Answers what comes by multicast with errors.
    ErrorsAboutMulticast,
    /// Sends errors to senders that are nobody: the unspecified address and groups.
    ErrorsToNobody,
    /// Sends as many errors as there are causes.
    NoErrorLimit,
    /// Quotes whole packets in errors, beyond the minimum MTU.
    QuotesWholePackets,
    /// Quotes eight bytes of payload in errors, as IPv4 does.
    QuotesEightBytes,
    /// Answers unheard-of informational ICMPv6 with a Parameter Problem.
    AnswersUnknownIcmp,
    /// Drops packets to itself of a protocol it does not have without saying so.
    NoParameterProblem,
    /// Drops packets without a route without saying so, as a blackhole.
    SilentAboutRoutes,
    /// Drops packets from a prefix that was taken back without saying so.
    SilentAboutOldSources,
    /// Drops packets for absent hosts of the LAN without saying so.
    SilentAboutAbsentHosts,
    /// Lets connections from outside through to terminals.
    NoInboundFilter,
    /// Drops resets that answer a SYN, since no connection is established.
    DropsResets,
    /// Drops Packet Too Big messages for its terminals.
    DropsPacketTooBig,
    /// Forwards packets with a multicast source.
    ForwardsMulticastSources,
    /// Forwards what is for groups of the site to the other side.
    ForwardsMulticast,
    /// Forwards packets from and to addresses that the internet does not have.
    ForwardsMartians,
    /// Forwards packets with a routing header of type 0.
    #[serde(rename = "forwards-routing-header-0")]
    #[strum(serialize = "forwards-routing-header-0")]
    ForwardsRoutingHeader0,
    /// Lets packets in whose source claims to be inside.
    TrustsInsideSources,
    /// Forwards packets from and to unique local addresses.
    ForwardsUniqueLocal,
    /// Lets ICMPv6 errors in that belong to nothing.
    AdmitsUnrelatedErrors,
    /// Drops unreachable and time-exceeded messages for its terminals' flows.
    DropsRelatedErrors,
    /// Drops AH, ESP and IKE from outside.
    BlocksIpsec,
    /// Has its management page open on the WAN.
    ManagementOnWan,
    /// Forgets a UDP flow when an ICMPv6 error for it comes in.
    ErrorsEndUdp,
    /// Forgets UDP flows after thirty seconds, the default of Linux for unanswered ones.
    ShortUdpIdle,
    /// Counts the life of a UDP flow from its first packet.
    UdpNotRefreshed,
    /// Forgets flows of other protocols after thirty seconds.
    ShortOtherIdle,
    /// Drops a SYN from outside although the terminal has sent one there, too.
    NoSimultaneousOpen,
    /// Forgets TCP connections after one hour of silence.
    OneHourTcpIdle,
    /// Forgets TCP connections after ten seconds of silence, shorter than line authentication may
    /// take (guide FAQ 11).
    ShortTcpIdle,
    /// Knows no more than eight TCP connections at a time, those included that were just closed.
    FewConnections,
    /// Drops TCP to port 80, as a filter that lets nothing but HTTPS out.
    BlocksHttp,
    /// Drops UDP to port 123, as a filter against NTP amplification.
    BlocksNtp,
    /// Drops packets for addresses of other customers, where the delivery hosts are (ngn-facts
    /// §4.1).
    BlocksFoldedRange,
    /// Drops packets above 1454 bytes in silence, as with the MTU of PPPoE left over on IPoE.
    DropsFullSizePackets,
    /// Drops TCP to port 443.
    BlocksHttps,
    /// Lets terminals ask no DNS server but itself.
    BlocksOutsideDns,
}

impl Defect {
    /// Every defect.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Returns the name that scenarios and the command line use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns what the router does wrong, in one sentence.
    pub fn about(self) -> String {
        let lines = self.get_documentation().unwrap_or_default();
        lines.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Returns the defect of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_files() {
        for defect in Defect::ALL {
            let written = serde_json::to_value(defect).unwrap();
            assert_eq!(written, defect.name());
            assert_eq!(Defect::from_name(defect.name()), Some(*defect));
        }
    }

    #[test]
    fn every_defect_says_what_it_is() {
        for defect in Defect::ALL {
            assert!(
                defect.about().ends_with('.'),
                "{defect}: {}",
                defect.about()
            );
        }
        assert_eq!(
            Defect::NoFailover.about(),
            "Gives up on a name when its preferred server is silent."
        );
    }
}
