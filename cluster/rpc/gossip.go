package rpc

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/hashicorp/memberlist"
)

const (
	// packetQueue is how many packets may wait; more are dropped, as a network
	// would, and gossip sends them again.
	packetQueue = 1024
	// maxPacket bounds a packet in bytes. memberlist fills packets up to 1400
	// and adds the run's label and the encryption; longer ones are dropped.
	maxPacket = 2048
)

// receive reads packets until the socket is closed.
func (s *Server) receive() {
	buf := make([]byte, maxPacket+1)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(buf)
		select {
		case <-s.closing:
			return
		default:
		}
		if err != nil || n == 0 || n > maxPacket {
			continue
		}
		p := &memberlist.Packet{
			Buf:       append([]byte(nil), buf[:n]...),
			From:      net.UDPAddrFromAddrPort(from),
			Timestamp: time.Now(),
		}
		select {
		case s.packets <- p:
		default:
		}
	}
}

// PacketCh returns the packets received.
func (s *Server) PacketCh() <-chan *memberlist.Packet { return s.packets }

// StreamCh returns the connections that speak gossip.
func (s *Server) StreamCh() <-chan net.Conn { return s.streams.conns }

// WriteTo sends a packet to an IP address and port.
func (s *Server) WriteTo(b []byte, addr string) (time.Time, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return time.Time{}, fmt.Errorf("rpc: packet to %q: want IP:port", addr)
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	_, err = s.udp.WriteToUDPAddrPort(b, to)
	return time.Now(), err
}
