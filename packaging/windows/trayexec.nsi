; An installer for one user, without administrator's rights: Start menu, entry under "Installed apps", uninstaller.
; makensis -DVERSION=0.1.0 -DFOLDER=<a folder with trayexec.exe> -DOUT=<file.exe> packaging/windows/trayexec.nsi
; Run: makensis on Linux, with a stand-in for the folder; `file` calls the result PE32. Not run: Windows, and a build for it,
; without which nothing of this is released: trayexec does not run on Windows yet, and the first page says so.
; Starting at login is left to `trayexec autostart`, as everywhere.

Unicode true
!include "MUI2.nsh"

!ifndef VERSION | FOLDER | OUT
  !error "say -DVERSION=, -DFOLDER= and -DOUT="
!endif
!define ENTRY "Software\Microsoft\Windows\CurrentVersion\Uninstall\trayexec"

Name "trayexec ${VERSION}"
OutFile "${OUT}"
InstallDir "$LOCALAPPDATA\Programs\trayexec"
InstallDirRegKey HKCU "${ENTRY}" "InstallLocation"
RequestExecutionLevel user
SetCompressor /SOLID lzma

VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "trayexec"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "AWS sessions for one MFA code a day"
VIAddVersionKey "LegalCopyright" "MIT"

!define MUI_WELCOMEPAGE_TEXT "trayexec does not run on Windows yet: every command but $\"trayexec version$\" and \
$\"trayexec help$\" says so. Use it inside WSL 2, where it is a Linux program.$\r$\n$\r$\nIt is installed for you alone, \
and nothing starts by itself."
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "Japanese"

Section
  SetShellVarContext current
  ; Whatever the former version had: only its own folders go.
  RMDir /r "$INSTDIR\program"
  SetOutPath "$INSTDIR\program"
  File /r "${FOLDER}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\trayexec.lnk" "$INSTDIR\program\trayexec.exe" "agent"
  WriteRegStr HKCU "${ENTRY}" "DisplayName" "trayexec"
  WriteRegStr HKCU "${ENTRY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${ENTRY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${ENTRY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${ENTRY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${ENTRY}" "NoModify" 1
  WriteRegDWORD HKCU "${ENTRY}" "NoRepair" 1
SectionEnd

Section "Uninstall"
  SetShellVarContext current
  Delete "$SMPROGRAMS\trayexec.lnk"
  DeleteRegKey HKCU "${ENTRY}"
  RMDir /r "$INSTDIR\program"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
SectionEnd
