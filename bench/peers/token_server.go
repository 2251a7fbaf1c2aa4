// A token server as people write it in Go: net/http, golang-jwt, and bcrypt of x/crypto for a users file of htpasswd's form.
// With REMEMBER=1 a right password is compared with its hash only once.
package main

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt"
	"golang.org/x/crypto/bcrypt"
)

var (
	account  = os.Getenv("TWILIO_ACCOUNT_SID")
	key      = os.Getenv("TWILIO_API_KEY_SID")
	secret   = []byte(os.Getenv("TWILIO_API_KEY_SECRET"))
	remember = os.Getenv("REMEMBER") == "1"
	hashes   = map[string][]byte{}
	verified sync.Map
)

type request struct {
	Room string `json:"room"`
}

func readUsers(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if name, hash, found := strings.Cut(lines.Text(), ":"); found {
			hashes[name] = []byte(hash)
		}
	}
	return lines.Err()
}

func isRight(name, password string) bool {
	digest := sha256.Sum256([]byte(password))
	if known, found := verified.Load(name); remember && found {
		sum := known.([32]byte)
		if subtle.ConstantTimeCompare(sum[:], digest[:]) == 1 {
			return true
		}
	}
	if bcrypt.CompareHashAndPassword(hashes[name], []byte(password)) != nil {
		return false
	}
	verified.Store(name, digest)
	return true
}

func video(w http.ResponseWriter, r *http.Request) {
	name, password, ok := r.BasicAuth()
	if !ok || !isRight(name, password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="tokens"`)
		http.Error(w, "wrong name or password", http.StatusUnauthorized)
		return
	}
	var asked request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&asked); err != nil {
		http.Error(w, "the body is not JSON", http.StatusBadRequest)
		return
	}
	now := time.Now().Unix()
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"jti":    fmt.Sprintf("%s-%d", key, now),
		"grants": map[string]interface{}{"identity": name, "video": map[string]string{"room": asked.Room}},
		"iat":    now,
		"exp":    now + 3600,
		"iss":    key,
		"sub":    account,
	})
	token.Header["cty"] = "twilio-fpa;v=1"
	signed, err := token.SignedString(secret)
	if err != nil {
		http.Error(w, "no token", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"token": signed, "identity": name})
}

func main() {
	if err := readUsers(os.Getenv("USERS_FILE")); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/token/video", video)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
