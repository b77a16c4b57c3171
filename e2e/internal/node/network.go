package node

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
)

const (
	bridge = "cni0"
	// gateway is the node's address, and that of pods' way to it.
	gateway = "10.244.0.1"
	// podRange is where pods get their addresses from.
	podRange = "10.244.0.0/24"
)

// makeNetwork gives this network namespace its loopback, and the bridge by
// which pods reach the node and each other. There is no way out of it.
func makeNetwork() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("looking for the loopback interface: %w", err)
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("starting the loopback interface: %w", err)
	}
	link := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridge}}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("making bridge %s: %w", bridge, err)
	}
	_, pods, err := net.ParseCIDR(podRange)
	if err != nil {
		return err
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(gateway), Mask: pods.Mask}}
	if err := netlink.AddrAdd(link, address); err != nil {
		return fmt.Errorf("giving bridge %s its address: %w", bridge, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("starting bridge %s: %w", bridge, err)
	}
	return nil
}
