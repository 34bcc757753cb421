package sipprobe

import (
	"fmt"

	"github.com/pion/sdp/v3"
)

// firstCodec is the first payload type of addCodecs, in the dynamic range (RFC 3551
// section 6), before those that this package names itself.
const firstCodec = 112

// addCodecs offers codecs that many phones speak, behind those that are meant.
func addCodecs(audio *sdp.MediaDescription) {
	for i, name := range []string{"AMR-WB/16000", "AMR/8000", "iLBC/8000", "speex/16000", "SILK/24000", "EVS/16000", "G726-32/8000", "L16/44100"} {
		payload := fmt.Sprint(firstCodec + i)
		audio.MediaName.Formats = append(audio.MediaName.Formats, payload)
		audio.WithValueAttribute("rtpmap", payload+" "+name)
	}
}

// maxName is the length of a name in a line that enlarges a description.
const maxName = 64

// enlarge marshals a description of at least that many bytes. What is missing are names
// of sources (a=ssrc, RFC 5576) in which no compressor finds anything to save.
func enlarge(s *sdp.SessionDescription, bytes int) ([]byte, error) {
	out, err := s.Marshal()
	audio := s.MediaDescriptions[0]
	for n := 1; err == nil && len(out) < bytes; n++ {
		seed := fmt.Sprintf("%d", 1_000_000_000+n)
		line := "a=ssrc:" + seed + " cname:\r\n"
		name := min(max(bytes-len(out)-len(line), 1), maxName)
		audio.WithValueAttribute("ssrc", seed+" cname:"+string(filler(seed, name)))
		out, err = s.Marshal()
	}
	return out, err
}
