// Proxies as the environment names them, for programs that hold settings of registries but know nothing of HTTP. chapter 08
import HTTP

extension RegistrySettings {
    /// Takes the proxies from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in small letters too.
    public mutating func useProxies(of environment: [String: String]) { proxies = Proxies(environment: environment) }
}
