# The template of the formula: `packaging/dev release` fills it in. Run: `ruby -c` and rubocop, on what comes of it.
# Not run: brew itself (`brew style`, `brew audit --new`, `brew install --build-from-source`), on macOS or on Linux.
class Trayexec < Formula
  include Language::Python::Virtualenv

  desc "One MFA code in the morning, every AWS account all day, and no key on disk"
  homepage "@HOMEPAGE@"
  url "@SDIST_URL@"
  sha256 "@SDIST_SHA256@"
  license "MIT"

  depends_on "pillow"
  depends_on "python@3.13"

  on_linux do
    depends_on "cryptography"
  end

  # @RESOURCES@

  def install
    virtualenv_install_with_resources
    generate_completions
  end

  def generate_completions
    bash_completion.install "packaging/linux/completions/trayexec.bash" => "trayexec"
    zsh_completion.install "packaging/linux/completions/_trayexec"
    fish_completion.install "packaging/linux/completions/trayexec.fish"
  end

  def caveats
    on_macos do
      <<~EOS
        On macOS trayexec is untried. Begin with `trayexec setup --dry-run`, which changes nothing.
      EOS
    end
  end

  test do
    assert_match "trayexec #{version}", shell_output("#{bin}/trayexec version")
  end
end
