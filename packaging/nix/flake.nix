# Run: parsed and evaluated by Nix 2.8, with names in the place of nixpkgs. Not run: a build, and so nothing of nixpkgs;
# flake.lock is made by the first `nix flake lock` where nixpkgs can be had.
{
  description = "One MFA code in the morning, every AWS account all day, and no key on disk";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      each = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
      said = builtins.match ".*__version__ = \"([^\"]+)\".*" (builtins.readFile ../../agent/trayexec/__init__.py);
    in
    {
      packages = each (pkgs:
        let
          inherit (pkgs) lib stdenv;
          inherit (pkgs.python3Packages) buildPythonApplication hatchling;
        in
        {
          default = buildPythonApplication {
            pname = "trayexec";
            version = builtins.head said;
            pyproject = true;
            src = ../..;
            build-system = [ hatchling ];
            dependencies = with pkgs.python3Packages;
              [ boto3 botocore h11 keyring pillow plyer prompt-toolkit pystray urllib3 ]
              ++ lib.optionals stdenv.hostPlatform.isLinux [ jeepney secretstorage xlib ]
              ++ lib.optionals stdenv.hostPlatform.isDarwin [ pyobjc-core ];
            pythonImportsCheck = [ "trayexec.cli" ];
            meta = {
              description = "One MFA code in the morning, every AWS account all day, and no key on disk";
              license = lib.licenses.mit;
              mainProgram = "trayexec";
              platforms = systems;
            };
          };
        });

      apps = each (pkgs: {
        default = {
          type = "app";
          program = "${self.packages.${pkgs.system}.default}/bin/trayexec";
        };
      });
    };
}
