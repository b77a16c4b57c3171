package node

import (
	"fmt"
	"path/filepath"
)

// kubeletConfiguration is that of a node whose machine belongs to others too:
// it takes nothing for itself, sets nothing for the whole machine, and does
// without what only the machine's owner may do. Its disk is memory, which no
// collection of images makes larger.
const kubeletConfiguration = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: false}
  x509: {clientCAFile: %q}
authorization: {mode: AlwaysAllow}
address: 127.0.0.1
healthzPort: 0
readOnlyPort: 0
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
registerNode: true
resolvConf: %q
clusterDNS: [%s]
staticPodPath: %q
registryPullQPS: 0
serializeImagePulls: false
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "0%%", nodefs.available: "0%%", imagefs.available: "0%%"}
featureGates: {KubeletInUserNamespace: true}
`

const kubeletFile = runFolder + "/kubelet.yaml"

// kubeletFiles are what configures kubelet.
func (c Configuration) kubeletFiles() files {
	resolver := filepath.Join(runFolder, "resolv.conf")
	return files{contents: map[string]string{
		kubeletFile: fmt.Sprintf(kubeletConfiguration,
			c.Membership.CertificateAuthority, resolver, gateway, StaticPods(c.Dir)),
		// There is no name server: the node has no way out. Pods that ask for
		// the cluster's are told an address where nobody answers.
		resolver: "",
	}}
}
