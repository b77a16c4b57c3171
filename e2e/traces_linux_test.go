package main_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/node/nodetest"
)

// traces are what a node would leave on the host if it weren't in namespaces
// of its own. Only what must be a node's counts: others may use the machine
// meanwhile.
type traces map[string]string

// hostTraces lists what there is of nodes on this machine: files, settings,
// mounts, cgroups, and what belongs to networks.
func hostTraces(t *testing.T) traces {
	t.Helper()
	seen := traces{}
	for _, folder := range []string{
		"/var/lib/containerd", "/var/lib/kubelet", "/var/lib/cni", "/run/containerd", "/run/container-signing",
		"/run/runc",
		"/var/log/pods", "/var/log/containers", "/etc/cni", "/opt/cni", "/opt/containerd",
	} {
		_, err := os.Stat(folder)
		seen["folder "+folder] = fmt.Sprint(err)
	}
	for _, file := range []string{
		"kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "vm/panic_on_oom",
		"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes", "kernel/hostname",
	} {
		content, err := os.ReadFile(filepath.Join("/proc/sys", file))
		seen["setting "+file] = fmt.Sprint(string(content), err)
	}
	seen.addMounts(t)
	seen.addCgroups(t)
	seen.addNetwork(t)
	return seen
}

// nodeMount matches mounts that a node makes: of containers, pods, and network
// namespaces of pods, and in the folder of a run.
var nodeMount = regexp.MustCompile(`container-signing|/kubelet/pods/|/k8s\.io/|io\.containerd\.|/netns/cni-`)

func (seen traces) addMounts(t *testing.T) {
	t.Helper()
	// Of this thread: a test may have a namespace of its own.
	mounts, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if nodeMount.MatchString(line) {
			seen["mount "+strings.TrimSpace(line)] = ""
		}
	}
}

// addCgroups adds those that a kubelet makes at the top.
func (seen traces) addCgroups(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"/sys/fs/cgroup/kubepods*", "/sys/fs/cgroup/*/kubepods*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			seen["cgroup "+path] = ""
		}
	}
}

// checkCgroupsGone checks that nothing is left of the cgroups of the node with
// a front, which they are named after.
func checkCgroupsGone(t *testing.T, front int) {
	t.Helper()
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == fmt.Sprintf("container-signing-%d", front) {
			t.Errorf("there is now: %s", path)
			return fs.SkipDir
		}
		return nil // an error is about what has gone in the meantime
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pods is where the node's pods have their addresses.
var pods = net.IPNet{IP: net.IPv4(10, 244, 0, 0).To4(), Mask: net.CIDRMask(24, 32)}

// addNetwork adds the interfaces of pods and their bridge, the routes to them,
// and rules of the packet filter by the names that Kubernetes and the network
// plugins give them.
func (seen traces) addNetwork(t *testing.T) {
	t.Helper()
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		name := link.Attrs().Name
		addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
		if err != nil && !errors.As(err, &netlink.LinkNotFoundError{}) {
			t.Fatal(err)
		}
		for _, address := range addresses {
			if pods.Contains(address.IP) {
				seen["interface "+name] = address.String()
			}
		}
		if strings.HasPrefix(name, "cni") {
			seen["interface "+name] += link.Type()
		}
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range routes {
		if route.Dst != nil && pods.Contains(route.Dst.IP) {
			seen["route "+route.String()] = ""
		}
	}
	seen.addFilter(t)
}

// filterName matches the names that kubelet and the network plugins give to
// chains and tables.
var filterName = regexp.MustCompile(`(?:KUBE|CNI|cni|kube)[-_][\w-]+`)

// addFilter adds tables and chains of nftables, and the tables of iptables.
func (seen traces) addFilter(t *testing.T) {
	t.Helper()
	for _, file := range []string{"ip_tables_names", "ip6_tables_names"} {
		tables, err := os.ReadFile(filepath.Join("/proc/thread-self/net", file))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for table := range strings.FieldsSeq(string(tables)) {
			seen["packet filter "+file+" "+table] = ""
		}
	}
	for _, what := range []int{unix.NFT_MSG_GETTABLE, unix.NFT_MSG_GETCHAIN} {
		request := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_NFTABLES<<8|what, unix.NLM_F_DUMP)
		request.AddRawData(make([]byte, 4)) // struct nfgenmsg, of any family
		answers, err := request.Execute(unix.NETLINK_NETFILTER, 0)
		if err != nil {
			return // there is no nftables in this kernel
		}
		for _, answer := range answers {
			for _, name := range filterNames(answer) {
				seen["packet filter "+name] = ""
			}
		}
	}
}

func filterNames(answer []byte) []string { return filterName.FindAllString(string(answer), -1) }

// differences compares with what was there before.
func (seen traces) differences(before traces) []string {
	var found []string
	for what, value := range seen {
		if was, there := before[what]; !there {
			found = append(found, "there is now: "+what)
		} else if was != value {
			found = append(found, fmt.Sprintf("%s was %q and is %q", what, was, value))
		}
	}
	for what := range before {
		if _, there := seen[what]; !there {
			found = append(found, "there is no longer: "+what)
		}
	}
	return found
}

// checkSame compares with what was there before.
func (seen traces) checkSame(t *testing.T, before traces) {
	t.Helper()
	for _, difference := range seen.differences(before) {
		t.Error(difference)
	}
}

// TestTracesAreSeen leaves traces, in namespaces of a thread that ends with it,
// to see that each of them is noticed.
func TestTracesAreSeen(t *testing.T) {
	nodetest.Require(t)
	runtime.LockOSThread() // and never unlocked: its namespaces are its own
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	leave := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, one := range map[string]func(){
		"a mount": func() { leave(unix.Mount("container-signing", "/run", "tmpfs", 0, "")) },
		"a folder": func() {
			leave(unix.Mount("tmpfs", "/run", "tmpfs", 0, ""))
			leave(os.Mkdir("/run/containerd", 0o755))
		},
		"a bridge": func() {
			leave(netlink.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "cni0"}}))
		},
		"an address": func() {
			link, err := netlink.LinkByName("lo")
			leave(err)
			leave(netlink.LinkSetUp(link))
			leave(netlink.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(10, 244, 0, 1), Mask: pods.Mask}}))
		},
		"a hostname": func() {
			leave(unix.Unshare(unix.CLONE_NEWUTS))
			leave(unix.Sethostname([]byte("node")))
		},
	} {
		before := hostTraces(t)
		one()
		if len(hostTraces(t).differences(before)) == 0 {
			t.Errorf("%s isn't seen", name)
		}
	}
}

func TestFilterNames(t *testing.T) {
	for answer, want := range map[string]string{
		"\x02\x00filter\x00\x10\x00\x03\x00KUBE-FIREWALL\x00": "KUBE-FIREWALL",
		"\x02\x00nat\x00CNI-HOSTPORT-DNAT\x00":                "CNI-HOSTPORT-DNAT",
		"\x02\x00cni_hostport\x00":                            "cni_hostport",
		"\x02\x00DOCKER-USER\x00":                             "",
	} {
		if got := strings.Join(filterNames([]byte(answer)), " "); got != want {
			t.Errorf("%q: got %q, want %q", answer, got, want)
		}
	}
}
