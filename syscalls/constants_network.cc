// Constants of sockets.
#include <linux/net.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "syscalls/constant_macros.h"
#include "syscalls/constant_sets.h"

// Newer than the oldest headers this builds with, or in no header of the kernel.
#ifndef SOCK_TYPE_MASK
#define SOCK_TYPE_MASK 0xf
#endif
#ifndef IPPROTO_L2TP
#define IPPROTO_L2TP 115
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef SOL_SCTP
#define SOL_SCTP 132
#endif
#ifndef SOL_UDPLITE
#define SOL_UDPLITE 136
#endif
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#ifndef SOL_MCTP
#define SOL_MCTP 285
#endif
#ifndef SOL_SMC
#define SOL_SMC 286
#endif
#ifndef SOL_VSOCK
#define SOL_VSOCK 287
#endif
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_DEVMEM_LINEAR
#define SO_DEVMEM_LINEAR 78
#endif
#ifndef SO_DEVMEM_DMABUF
#define SO_DEVMEM_DMABUF 79
#endif
#ifndef SO_DEVMEM_DONTNEED
#define SO_DEVMEM_DONTNEED 80
#endif
#ifndef SO_RCVPRIORITY
#define SO_RCVPRIORITY 82
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SO_INQ
#define SO_INQ 84
#endif
#ifndef TCP_AO_ADD_KEY
#define TCP_AO_ADD_KEY 38
#endif
#ifndef TCP_AO_DEL_KEY
#define TCP_AO_DEL_KEY 39
#endif
#ifndef TCP_AO_INFO
#define TCP_AO_INFO 40
#endif
#ifndef TCP_AO_GET_KEYS
#define TCP_AO_GET_KEYS 41
#endif
#ifndef TCP_AO_REPAIR
#define TCP_AO_REPAIR 42
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP 43
#endif
#ifndef MSG_PROBE
#define MSG_PROBE 0x10
#endif
#ifndef MSG_SOCK_DEVMEM
#define MSG_SOCK_DEVMEM 0x2000000
#endif
#ifndef SCM_SECURITY
#define SCM_SECURITY 0x03
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 0x04
#endif

namespace provost {
namespace {

constexpr Constant kSocketFamiliesTable[] = {
    PROVOST_C(AF_UNSPEC),     PROVOST_C(AF_UNIX),       PROVOST_C(AF_LOCAL),
    PROVOST_C(AF_FILE),       PROVOST_C(AF_INET),       PROVOST_C(AF_AX25),
    PROVOST_C(AF_IPX),        PROVOST_C(AF_APPLETALK),  PROVOST_C(AF_NETROM),
    PROVOST_C(AF_BRIDGE),     PROVOST_C(AF_ATMPVC),     PROVOST_C(AF_X25),
    PROVOST_C(AF_INET6),      PROVOST_C(AF_ROSE),       PROVOST_C(AF_DECnet),
    PROVOST_C(AF_NETBEUI),    PROVOST_C(AF_SECURITY),   PROVOST_C(AF_KEY),
    PROVOST_C(AF_NETLINK),    PROVOST_C(AF_ROUTE),      PROVOST_C(AF_PACKET),
    PROVOST_C(AF_ASH),        PROVOST_C(AF_ECONET),     PROVOST_C(AF_ATMSVC),
    PROVOST_C(AF_RDS),        PROVOST_C(AF_SNA),        PROVOST_C(AF_IRDA),
    PROVOST_C(AF_PPPOX),      PROVOST_C(AF_WANPIPE),    PROVOST_C(AF_LLC),
    PROVOST_C(AF_IB),         PROVOST_C(AF_MPLS),       PROVOST_C(AF_CAN),
    PROVOST_C(AF_TIPC),       PROVOST_C(AF_BLUETOOTH),  PROVOST_C(AF_IUCV),
    PROVOST_C(AF_RXRPC),      PROVOST_C(AF_ISDN),       PROVOST_C(AF_PHONET),
    PROVOST_C(AF_IEEE802154), PROVOST_C(AF_CAIF),       PROVOST_C(AF_ALG),
    PROVOST_C(AF_NFC),        PROVOST_C(AF_VSOCK),      PROVOST_C(AF_KCM),
    PROVOST_C(AF_QIPCRTR),    PROVOST_C(AF_SMC),        PROVOST_C(AF_XDP),
    PROVOST_C(AF_MCTP),       PROVOST_C(PF_UNSPEC),     PROVOST_C(PF_UNIX),
    PROVOST_C(PF_LOCAL),      PROVOST_C(PF_FILE),       PROVOST_C(PF_INET),
    PROVOST_C(PF_AX25),       PROVOST_C(PF_IPX),        PROVOST_C(PF_APPLETALK),
    PROVOST_C(PF_NETROM),     PROVOST_C(PF_BRIDGE),     PROVOST_C(PF_ATMPVC),
    PROVOST_C(PF_X25),        PROVOST_C(PF_INET6),      PROVOST_C(PF_ROSE),
    PROVOST_C(PF_DECnet),     PROVOST_C(PF_NETBEUI),    PROVOST_C(PF_SECURITY),
    PROVOST_C(PF_KEY),        PROVOST_C(PF_NETLINK),    PROVOST_C(PF_ROUTE),
    PROVOST_C(PF_PACKET),     PROVOST_C(PF_ASH),        PROVOST_C(PF_ECONET),
    PROVOST_C(PF_ATMSVC),     PROVOST_C(PF_RDS),        PROVOST_C(PF_SNA),
    PROVOST_C(PF_IRDA),       PROVOST_C(PF_PPPOX),      PROVOST_C(PF_WANPIPE),
    PROVOST_C(PF_LLC),        PROVOST_C(PF_IB),         PROVOST_C(PF_MPLS),
    PROVOST_C(PF_CAN),        PROVOST_C(PF_TIPC),       PROVOST_C(PF_BLUETOOTH),
    PROVOST_C(PF_IUCV),       PROVOST_C(PF_RXRPC),      PROVOST_C(PF_ISDN),
    PROVOST_C(PF_PHONET),     PROVOST_C(PF_IEEE802154), PROVOST_C(PF_CAIF),
    PROVOST_C(PF_ALG),        PROVOST_C(PF_NFC),        PROVOST_C(PF_VSOCK),
    PROVOST_C(PF_KCM),        PROVOST_C(PF_QIPCRTR),    PROVOST_C(PF_SMC),
    PROVOST_C(PF_XDP),        PROVOST_C(PF_MCTP)};

constexpr Constant kSocketTypesTable[] = {PROVOST_B(SOCK_STREAM),    PROVOST_B(SOCK_DGRAM),
                                          PROVOST_B(SOCK_RAW),       PROVOST_B(SOCK_RDM),
                                          PROVOST_B(SOCK_SEQPACKET), PROVOST_B(SOCK_DCCP),
                                          PROVOST_B(SOCK_PACKET),    PROVOST_B(SOCK_TYPE_MASK),
                                          PROVOST_B(SOCK_CLOEXEC),   PROVOST_B(SOCK_NONBLOCK)};

constexpr Constant kAcceptFlagsTable[] = {PROVOST_B(SOCK_CLOEXEC), PROVOST_B(SOCK_NONBLOCK)};

constexpr Constant kIpProtocolsTable[] = {
    PROVOST_C(IPPROTO_IP),       PROVOST_C(IPPROTO_ICMP),     PROVOST_C(IPPROTO_IGMP),
    PROVOST_C(IPPROTO_IPIP),     PROVOST_C(IPPROTO_TCP),      PROVOST_C(IPPROTO_EGP),
    PROVOST_C(IPPROTO_PUP),      PROVOST_C(IPPROTO_UDP),      PROVOST_C(IPPROTO_IDP),
    PROVOST_C(IPPROTO_TP),       PROVOST_C(IPPROTO_DCCP),     PROVOST_C(IPPROTO_IPV6),
    PROVOST_C(IPPROTO_ROUTING),  PROVOST_C(IPPROTO_FRAGMENT), PROVOST_C(IPPROTO_RSVP),
    PROVOST_C(IPPROTO_GRE),      PROVOST_C(IPPROTO_ESP),      PROVOST_C(IPPROTO_AH),
    PROVOST_C(IPPROTO_ICMPV6),   PROVOST_C(IPPROTO_NONE),     PROVOST_C(IPPROTO_DSTOPTS),
    PROVOST_C(IPPROTO_MTP),      PROVOST_C(IPPROTO_BEETPH),   PROVOST_C(IPPROTO_ENCAP),
    PROVOST_C(IPPROTO_PIM),      PROVOST_C(IPPROTO_COMP),     PROVOST_C(IPPROTO_L2TP),
    PROVOST_C(IPPROTO_SCTP),     PROVOST_C(IPPROTO_UDPLITE),  PROVOST_C(IPPROTO_MPLS),
    PROVOST_C(IPPROTO_ETHERNET), PROVOST_C(IPPROTO_RAW),      PROVOST_C(IPPROTO_MPTCP)};

constexpr Constant kNetlinkProtocolsTable[] = {
    PROVOST_C(NETLINK_ROUTE),      PROVOST_C(NETLINK_UNUSED),
    PROVOST_C(NETLINK_USERSOCK),   PROVOST_C(NETLINK_FIREWALL),
    PROVOST_C(NETLINK_SOCK_DIAG),  PROVOST_C(NETLINK_NFLOG),
    PROVOST_C(NETLINK_XFRM),       PROVOST_C(NETLINK_SELINUX),
    PROVOST_C(NETLINK_ISCSI),      PROVOST_C(NETLINK_AUDIT),
    PROVOST_C(NETLINK_FIB_LOOKUP), PROVOST_C(NETLINK_CONNECTOR),
    PROVOST_C(NETLINK_NETFILTER),  PROVOST_C(NETLINK_IP6_FW),
    PROVOST_C(NETLINK_DNRTMSG),    PROVOST_C(NETLINK_KOBJECT_UEVENT),
    PROVOST_C(NETLINK_GENERIC),    PROVOST_C(NETLINK_SCSITRANSPORT),
    PROVOST_C(NETLINK_ECRYPTFS),   PROVOST_C(NETLINK_RDMA),
    PROVOST_C(NETLINK_CRYPTO),     PROVOST_C(NETLINK_SMC)};

constexpr Constant kSocketLevelsTable[] = {
    PROVOST_C(SOL_SOCKET),    PROVOST_C(SOL_IP),      PROVOST_C(IPPROTO_IP),
    PROVOST_C(SOL_TCP),       PROVOST_C(IPPROTO_TCP), PROVOST_C(SOL_UDP),
    PROVOST_C(IPPROTO_UDP),   PROVOST_C(SOL_IPV6),    PROVOST_C(IPPROTO_IPV6),
    PROVOST_C(SOL_ICMPV6),    PROVOST_C(SOL_RAW),     PROVOST_C(SOL_SCTP),
    PROVOST_C(IPPROTO_SCTP),  PROVOST_C(SOL_UDPLITE), PROVOST_C(SOL_DECNET),
    PROVOST_C(SOL_X25),       PROVOST_C(SOL_PACKET),  PROVOST_C(SOL_ATM),
    PROVOST_C(SOL_AAL),       PROVOST_C(SOL_IRDA),    PROVOST_C(SOL_NETBEUI),
    PROVOST_C(SOL_LLC),       PROVOST_C(SOL_DCCP),    PROVOST_C(SOL_NETLINK),
    PROVOST_C(SOL_TIPC),      PROVOST_C(SOL_RXRPC),   PROVOST_C(SOL_PPPOL2TP),
    PROVOST_C(SOL_BLUETOOTH), PROVOST_C(SOL_PNPIPE),  PROVOST_C(SOL_RDS),
    PROVOST_C(SOL_IUCV),      PROVOST_C(SOL_CAIF),    PROVOST_C(SOL_ALG),
    PROVOST_C(SOL_NFC),       PROVOST_C(SOL_KCM),     PROVOST_C(SOL_TLS),
    PROVOST_C(SOL_XDP),       PROVOST_C(SOL_MPTCP),   PROVOST_C(SOL_MCTP),
    PROVOST_C(SOL_SMC),       PROVOST_C(SOL_VSOCK)};

constexpr Constant kSocketOptionsTable[] = {PROVOST_C(SO_DEBUG),
                                            PROVOST_C(SO_REUSEADDR),
                                            PROVOST_C(SO_TYPE),
                                            PROVOST_C(SO_ERROR),
                                            PROVOST_C(SO_DONTROUTE),
                                            PROVOST_C(SO_BROADCAST),
                                            PROVOST_C(SO_SNDBUF),
                                            PROVOST_C(SO_RCVBUF),
                                            PROVOST_C(SO_KEEPALIVE),
                                            PROVOST_C(SO_OOBINLINE),
                                            PROVOST_C(SO_NO_CHECK),
                                            PROVOST_C(SO_PRIORITY),
                                            PROVOST_C(SO_LINGER),
                                            PROVOST_C(SO_BSDCOMPAT),
                                            PROVOST_C(SO_REUSEPORT),
                                            PROVOST_C(SO_PASSCRED),
                                            PROVOST_C(SO_PEERCRED),
                                            PROVOST_C(SO_RCVLOWAT),
                                            PROVOST_C(SO_SNDLOWAT),
                                            PROVOST_C(SO_RCVTIMEO),
                                            PROVOST_C(SO_SNDTIMEO),
                                            PROVOST_C(SO_SECURITY_AUTHENTICATION),
                                            PROVOST_C(SO_SECURITY_ENCRYPTION_TRANSPORT),
                                            PROVOST_C(SO_SECURITY_ENCRYPTION_NETWORK),
                                            PROVOST_C(SO_BINDTODEVICE),
                                            PROVOST_C(SO_ATTACH_FILTER),
                                            PROVOST_C(SO_DETACH_FILTER),
                                            PROVOST_C(SO_GET_FILTER),
                                            PROVOST_C(SO_PEERNAME),
                                            PROVOST_C(SO_TIMESTAMP),
                                            PROVOST_C(SO_ACCEPTCONN),
                                            PROVOST_C(SO_PEERSEC),
                                            PROVOST_C(SO_SNDBUFFORCE),
                                            PROVOST_C(SO_RCVBUFFORCE),
                                            PROVOST_C(SO_PASSSEC),
                                            PROVOST_C(SO_TIMESTAMPNS),
                                            PROVOST_C(SO_MARK),
                                            PROVOST_C(SO_TIMESTAMPING),
                                            PROVOST_C(SO_PROTOCOL),
                                            PROVOST_C(SO_DOMAIN),
                                            PROVOST_C(SO_RXQ_OVFL),
                                            PROVOST_C(SO_WIFI_STATUS),
                                            PROVOST_C(SO_PEEK_OFF),
                                            PROVOST_C(SO_NOFCS),
                                            PROVOST_C(SO_LOCK_FILTER),
                                            PROVOST_C(SO_SELECT_ERR_QUEUE),
                                            PROVOST_C(SO_BUSY_POLL),
                                            PROVOST_C(SO_MAX_PACING_RATE),
                                            PROVOST_C(SO_BPF_EXTENSIONS),
                                            PROVOST_C(SO_INCOMING_CPU),
                                            PROVOST_C(SO_ATTACH_BPF),
                                            PROVOST_C(SO_DETACH_BPF),
                                            PROVOST_C(SO_ATTACH_REUSEPORT_CBPF),
                                            PROVOST_C(SO_ATTACH_REUSEPORT_EBPF),
                                            PROVOST_C(SO_CNX_ADVICE),
                                            PROVOST_C(SO_MEMINFO),
                                            PROVOST_C(SO_INCOMING_NAPI_ID),
                                            PROVOST_C(SO_COOKIE),
                                            PROVOST_C(SO_PEERGROUPS),
                                            PROVOST_C(SO_ZEROCOPY),
                                            PROVOST_C(SO_TXTIME),
                                            PROVOST_C(SO_BINDTOIFINDEX),
                                            PROVOST_C(SO_TIMESTAMP_NEW),
                                            PROVOST_C(SO_TIMESTAMPNS_NEW),
                                            PROVOST_C(SO_TIMESTAMPING_NEW),
                                            PROVOST_C(SO_RCVTIMEO_NEW),
                                            PROVOST_C(SO_SNDTIMEO_NEW),
                                            PROVOST_C(SO_DETACH_REUSEPORT_BPF),
                                            PROVOST_C(SO_PREFER_BUSY_POLL),
                                            PROVOST_C(SO_BUSY_POLL_BUDGET),
                                            PROVOST_C(SO_NETNS_COOKIE),
                                            PROVOST_C(SO_BUF_LOCK),
                                            PROVOST_C(SO_RESERVE_MEM),
                                            PROVOST_C(SO_TXREHASH),
                                            PROVOST_C(SO_RCVMARK),
                                            PROVOST_C(SO_PASSPIDFD),
                                            PROVOST_C(SO_PEERPIDFD),
                                            PROVOST_C(SO_DEVMEM_LINEAR),
                                            PROVOST_C(SO_DEVMEM_DMABUF),
                                            PROVOST_C(SO_DEVMEM_DONTNEED),
                                            PROVOST_C(SO_RCVPRIORITY),
                                            PROVOST_C(SO_PASSRIGHTS),
                                            PROVOST_C(SO_INQ)};

constexpr Constant kIpOptionsTable[] = {PROVOST_C(IP_TOS),
                                        PROVOST_C(IP_TTL),
                                        PROVOST_C(IP_HDRINCL),
                                        PROVOST_C(IP_OPTIONS),
                                        PROVOST_C(IP_ROUTER_ALERT),
                                        PROVOST_C(IP_RECVOPTS),
                                        PROVOST_C(IP_RETOPTS),
                                        PROVOST_C(IP_PKTINFO),
                                        PROVOST_C(IP_PKTOPTIONS),
                                        PROVOST_C(IP_MTU_DISCOVER),
                                        PROVOST_C(IP_RECVERR),
                                        PROVOST_C(IP_RECVTTL),
                                        PROVOST_C(IP_RECVTOS),
                                        PROVOST_C(IP_MTU),
                                        PROVOST_C(IP_FREEBIND),
                                        PROVOST_C(IP_IPSEC_POLICY),
                                        PROVOST_C(IP_XFRM_POLICY),
                                        PROVOST_C(IP_PASSSEC),
                                        PROVOST_C(IP_TRANSPARENT),
                                        PROVOST_C(IP_MINTTL),
                                        PROVOST_C(IP_NODEFRAG),
                                        PROVOST_C(IP_CHECKSUM),
                                        PROVOST_C(IP_BIND_ADDRESS_NO_PORT),
                                        PROVOST_C(IP_MULTICAST_IF),
                                        PROVOST_C(IP_MULTICAST_TTL),
                                        PROVOST_C(IP_MULTICAST_LOOP),
                                        PROVOST_C(IP_ADD_MEMBERSHIP),
                                        PROVOST_C(IP_DROP_MEMBERSHIP),
                                        PROVOST_C(IP_UNBLOCK_SOURCE),
                                        PROVOST_C(IP_BLOCK_SOURCE),
                                        PROVOST_C(IP_ADD_SOURCE_MEMBERSHIP),
                                        PROVOST_C(IP_DROP_SOURCE_MEMBERSHIP),
                                        PROVOST_C(IP_MSFILTER),
                                        PROVOST_C(IP_MULTICAST_ALL),
                                        PROVOST_C(IP_UNICAST_IF)};

constexpr Constant kIpv6OptionsTable[] = {
    PROVOST_C(IPV6_ADDRFORM),        PROVOST_C(IPV6_2292PKTINFO),
    PROVOST_C(IPV6_CHECKSUM),        PROVOST_C(IPV6_UNICAST_HOPS),
    PROVOST_C(IPV6_MULTICAST_IF),    PROVOST_C(IPV6_MULTICAST_HOPS),
    PROVOST_C(IPV6_MULTICAST_LOOP),  PROVOST_C(IPV6_JOIN_GROUP),
    PROVOST_C(IPV6_ADD_MEMBERSHIP),  PROVOST_C(IPV6_LEAVE_GROUP),
    PROVOST_C(IPV6_DROP_MEMBERSHIP), PROVOST_C(IPV6_ROUTER_ALERT),
    PROVOST_C(IPV6_MTU_DISCOVER),    PROVOST_C(IPV6_MTU),
    PROVOST_C(IPV6_RECVERR),         PROVOST_C(IPV6_V6ONLY),
    PROVOST_C(IPV6_JOIN_ANYCAST),    PROVOST_C(IPV6_LEAVE_ANYCAST),
    PROVOST_C(IPV6_RECVPKTINFO),     PROVOST_C(IPV6_PKTINFO),
    PROVOST_C(IPV6_RECVHOPLIMIT),    PROVOST_C(IPV6_HOPLIMIT),
    PROVOST_C(IPV6_RECVTCLASS),      PROVOST_C(IPV6_TCLASS),
    PROVOST_C(IPV6_TRANSPARENT),     PROVOST_C(IPV6_FREEBIND)};

constexpr Constant kTcpOptionsTable[] = {PROVOST_C(TCP_NODELAY),
                                         PROVOST_C(TCP_MAXSEG),
                                         PROVOST_C(TCP_CORK),
                                         PROVOST_C(TCP_KEEPIDLE),
                                         PROVOST_C(TCP_KEEPINTVL),
                                         PROVOST_C(TCP_KEEPCNT),
                                         PROVOST_C(TCP_SYNCNT),
                                         PROVOST_C(TCP_LINGER2),
                                         PROVOST_C(TCP_DEFER_ACCEPT),
                                         PROVOST_C(TCP_WINDOW_CLAMP),
                                         PROVOST_C(TCP_INFO),
                                         PROVOST_C(TCP_QUICKACK),
                                         PROVOST_C(TCP_CONGESTION),
                                         PROVOST_C(TCP_MD5SIG),
                                         PROVOST_C(TCP_THIN_LINEAR_TIMEOUTS),
                                         PROVOST_C(TCP_THIN_DUPACK),
                                         PROVOST_C(TCP_USER_TIMEOUT),
                                         PROVOST_C(TCP_REPAIR),
                                         PROVOST_C(TCP_REPAIR_QUEUE),
                                         PROVOST_C(TCP_QUEUE_SEQ),
                                         PROVOST_C(TCP_REPAIR_OPTIONS),
                                         PROVOST_C(TCP_FASTOPEN),
                                         PROVOST_C(TCP_TIMESTAMP),
                                         PROVOST_C(TCP_NOTSENT_LOWAT),
                                         PROVOST_C(TCP_CC_INFO),
                                         PROVOST_C(TCP_SAVE_SYN),
                                         PROVOST_C(TCP_SAVED_SYN),
                                         PROVOST_C(TCP_REPAIR_WINDOW),
                                         PROVOST_C(TCP_FASTOPEN_CONNECT),
                                         PROVOST_C(TCP_ULP),
                                         PROVOST_C(TCP_MD5SIG_EXT),
                                         PROVOST_C(TCP_FASTOPEN_KEY),
                                         PROVOST_C(TCP_FASTOPEN_NO_COOKIE),
                                         PROVOST_C(TCP_ZEROCOPY_RECEIVE),
                                         PROVOST_C(TCP_INQ),
                                         PROVOST_C(TCP_TX_DELAY),
                                         PROVOST_C(TCP_AO_ADD_KEY),
                                         PROVOST_C(TCP_AO_DEL_KEY),
                                         PROVOST_C(TCP_AO_INFO),
                                         PROVOST_C(TCP_AO_GET_KEYS),
                                         PROVOST_C(TCP_AO_REPAIR),
                                         PROVOST_C(TCP_IS_MPTCP)};

constexpr Constant kUdpOptionsTable[] = {PROVOST_C(UDP_CORK),         PROVOST_C(UDP_ENCAP),
                                         PROVOST_C(UDP_NO_CHECK6_TX), PROVOST_C(UDP_NO_CHECK6_RX),
                                         PROVOST_C(UDP_SEGMENT),      PROVOST_C(UDP_GRO)};

constexpr Constant kNetlinkOptionsTable[] = {
    PROVOST_C(NETLINK_ADD_MEMBERSHIP),   PROVOST_C(NETLINK_DROP_MEMBERSHIP),
    PROVOST_C(NETLINK_PKTINFO),          PROVOST_C(NETLINK_BROADCAST_ERROR),
    PROVOST_C(NETLINK_NO_ENOBUFS),       PROVOST_C(NETLINK_LISTEN_ALL_NSID),
    PROVOST_C(NETLINK_LIST_MEMBERSHIPS), PROVOST_C(NETLINK_CAP_ACK),
    PROVOST_C(NETLINK_EXT_ACK),          PROVOST_C(NETLINK_GET_STRICT_CHK)};

constexpr Constant kMessageFlagsTable[] = {
    PROVOST_B(MSG_OOB),      PROVOST_B(MSG_PEEK),        PROVOST_B(MSG_DONTROUTE),
    PROVOST_B(MSG_TRYHARD),  PROVOST_B(MSG_CTRUNC),      PROVOST_B(MSG_PROBE),
    PROVOST_B(MSG_TRUNC),    PROVOST_B(MSG_DONTWAIT),    PROVOST_B(MSG_EOR),
    PROVOST_B(MSG_WAITALL),  PROVOST_B(MSG_FIN),         PROVOST_B(MSG_SYN),
    PROVOST_B(MSG_CONFIRM),  PROVOST_B(MSG_RST),         PROVOST_B(MSG_ERRQUEUE),
    PROVOST_B(MSG_NOSIGNAL), PROVOST_B(MSG_MORE),        PROVOST_B(MSG_WAITFORONE),
    PROVOST_B(MSG_BATCH),    PROVOST_B(MSG_SOCK_DEVMEM), PROVOST_B(MSG_ZEROCOPY),
    PROVOST_B(MSG_FASTOPEN), PROVOST_B(MSG_CMSG_CLOEXEC)};

constexpr Constant kShutdownHowTable[] = {PROVOST_C(SHUT_RD), PROVOST_C(SHUT_WR),
                                          PROVOST_C(SHUT_RDWR)};

constexpr Constant kSocketCallsTable[] = {
    PROVOST_C(SYS_SOCKET),      PROVOST_C(SYS_BIND),       PROVOST_C(SYS_CONNECT),
    PROVOST_C(SYS_LISTEN),      PROVOST_C(SYS_ACCEPT),     PROVOST_C(SYS_GETSOCKNAME),
    PROVOST_C(SYS_GETPEERNAME), PROVOST_C(SYS_SOCKETPAIR), PROVOST_C(SYS_SEND),
    PROVOST_C(SYS_RECV),        PROVOST_C(SYS_SENDTO),     PROVOST_C(SYS_RECVFROM),
    PROVOST_C(SYS_SHUTDOWN),    PROVOST_C(SYS_SETSOCKOPT), PROVOST_C(SYS_GETSOCKOPT),
    PROVOST_C(SYS_SENDMSG),     PROVOST_C(SYS_RECVMSG),    PROVOST_C(SYS_ACCEPT4),
    PROVOST_C(SYS_RECVMMSG),    PROVOST_C(SYS_SENDMMSG)};

constexpr Constant kControlMessagesTable[] = {PROVOST_C(SCM_RIGHTS), PROVOST_C(SCM_CREDENTIALS),
                                              PROVOST_C(SCM_SECURITY), PROVOST_C(SCM_PIDFD)};

}  // namespace

PROVOST_ENUMERATION(kSocketFamilies, "socket-families", kSocketFamiliesTable);
PROVOST_MASK(kSocketTypes, "socket-types", kSocketTypesTable);
PROVOST_MASK(kAcceptFlags, "accept-flags", kAcceptFlagsTable);
PROVOST_ENUMERATION(kIpProtocols, "ip-protocols", kIpProtocolsTable);
PROVOST_ENUMERATION(kNetlinkProtocols, "netlink-protocols", kNetlinkProtocolsTable);
PROVOST_ENUMERATION(kSocketLevels, "socket-levels", kSocketLevelsTable);
PROVOST_ENUMERATION(kSocketOptions, "socket-options", kSocketOptionsTable);
PROVOST_ENUMERATION(kIpOptions, "ip-options", kIpOptionsTable);
PROVOST_ENUMERATION(kIpv6Options, "ipv6-options", kIpv6OptionsTable);
PROVOST_ENUMERATION(kTcpOptions, "tcp-options", kTcpOptionsTable);
PROVOST_ENUMERATION(kUdpOptions, "udp-options", kUdpOptionsTable);
PROVOST_ENUMERATION(kNetlinkOptions, "netlink-options", kNetlinkOptionsTable);
PROVOST_MASK(kMessageFlags, "message-flags", kMessageFlagsTable);
PROVOST_ENUMERATION(kShutdownHow, "shutdown-how", kShutdownHowTable);
PROVOST_ENUMERATION(kSocketCalls, "socketcall-calls", kSocketCallsTable);
PROVOST_ENUMERATION(kControlMessages, "control-messages", kControlMessagesTable);

}  // namespace provost
