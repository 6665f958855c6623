"""Every sentence in Japanese, by its English template, and the help. tests/test_japanese.py finds what is missing.

A sentence stands below the first module, by name, that says it. Words: セッション, ロール, プロファイル, アイデンティティ,
キーチェーン, エージェント, ロック解除 (unlock), ロック (lock), 有効期限 (expires), 消去 (forget). A half-width space parts Japanese from other
letters; brackets, colons and digits are half-width; 。 and 、 end and join.
"""

# ruff: noqa: E501 — a sentence stays whole, so that it is found by searching

SENTENCES: dict[str, str] = {
    # adapters/awsfiles.py
    "The request names the file {file}, but not from which folder.": "リクエストのファイル {file} は、どのフォルダーのものか分かりません。",
    "Set {variable} to an absolute path.": "{variable} に絶対パスを設定してください。",
    "Line {line} of {file} starts the section [{section}] a second time.": "{file} の {line} 行目で、セクション [{section}] が重複しています。",
    "Merge the two into one section.": "2 つのセクションを 1 つにまとめてください。",
    "Line {line} of {file} sets {key} a second time in the section [{section}].": "{file} の {line} 行目で、セクション [{section}] の {key} が重複しています。",
    "Remove one of the two lines.": "どちらかの行を削除してください。",
    "An indented block in {file} has a line without `=`.": "{file} のインデントされたブロックに `=` のない行があります。",
    "Write each indented line as key = value.": "インデントされた行は key = value の形で書いてください。",
    "Line {line} of {file} is neither a section like [profile name] nor a setting like key = value.": "{file} の {line} 行目は、[profile name] のようなセクションでも key = value のような設定でもありません。",
    "Correct or remove the line.": "この行を修正するか削除してください。",
    "The file {file} is gone; what it last said stays in force.": "ファイル {file} がなくなりました。最後に読み込んだ内容を使い続けます。",
    "Put it back, or start the agent again: trayexec agent stop": "ファイルを元に戻すか、エージェントを起動し直してください: trayexec agent stop",
    # adapters/dialogs/choose.py
    "Your settings say that the code is asked on the terminal only.": "設定により、コードはターミナルでのみ入力できます。",
    "Type the code in a terminal: trayexec auth": "ターミナルでコードを入力してください: trayexec auth",
    "There is no display to show the dialog on.": "ダイアログを表示できるディスプレイがありません。",
    "No program that can show a dialog is installed.": "ダイアログを表示できるプログラムがインストールされていません。",
    "Install one of pinentry-gnome3, pinentry-qt, zenity, kdialog or python3-tk, or type the code in a terminal: trayexec auth": "pinentry-gnome3、pinentry-qt、zenity、kdialog、python3-tk のいずれかをインストールするか、ターミナルでコードを入力してください: trayexec auth",
    "The dialog program that your settings name, {method}, is not installed.": "設定で指定されたダイアログのプログラム {method} がインストールされていません。",
    "Install it, or set the prompt method to auto; for now: trayexec auth": "インストールするか、設定の prompt method を auto にしてください。今すぐ入力するには: trayexec auth",
    # adapters/dialogs/command.py
    "The command that should print the MFA code failed: {why}": "MFA コードを出力するはずのコマンドが失敗しました: {why}",
    "Try it in a terminal: {program}": "ターミナルで試してください: {program}",
    # adapters/dialogs/pinentry.py
    "it is {flavour} and would ask on a terminal": "{flavour} なのでターミナルで入力を求めます",
    "it ended by itself": "途中で終了しました",
    # adapters/dialogs/sheet.py
    "Unlock {identity} with your MFA code": "MFA コードで {identity} をロック解除",
    "Device: {serial}": "デバイス: {serial}",
    "A new code appears in {seconds} s: use that one.": "{seconds} 秒後に表示される新しいコードを使ってください。",
    "The new code is there now.": "新しいコードが表示されています。",
    "MFA code": "MFA コード",
    "Six digits, from your authenticator": "認証アプリの 6 桁の数字",
    "Unlock": "ロック解除",
    "Cancel": "キャンセル",
    "Asked by {asker}, for profile {profile}": "要求元: {asker} (プロファイル {profile})",
    "Asked by {asker}": "要求元: {asker}",
    "For profile {profile}": "プロファイル: {profile}",
    "{tool} could not show its dialog: {why}": "{tool} がダイアログを表示できませんでした: {why}",
    "Type the code in a terminal instead: trayexec auth": "代わりにターミナルでコードを入力してください: trayexec auth",
    # adapters/dialogs/windows.py
    "The Windows credential dialog is not built yet.": "Windows の認証情報ダイアログにはまだ対応していません。",
    # adapters/http.py
    "The HTTP request is longer than {most} bytes.": "HTTP リクエストが {most} バイトを超えています。",
    "it ends too soon": "途中で終わっています",
    "it is not HTTP/1.1": "HTTP/1.1 ではありません",
    "its version is unknown": "HTTP のバージョンが不明です",
    "it brings a body or asks for another protocol": "本文があるか、別のプロトコルを求めています",
    "something follows it": "後ろに余分なデータがあります",
    "That is no HTTP request for credentials: {why}.": "認証情報を求める HTTP リクエストではありません: {why}。",
    # adapters/instance.py
    "The path of the private socket is too long: {path}": "プライベートソケットのパスが長すぎます: {path}",
    "Name a shorter one with TRAYEXEC_SOCKET (at most {most} bytes).": "TRAYEXEC_SOCKET でもっと短いパスを指定してください (最大 {most} バイト)。",
    "it is not a folder": "フォルダーではありません",
    "it is a symbolic link": "シンボリックリンクです",
    "it belongs to another user": "別のユーザーの所有です",
    "others may write to it": "ほかのユーザーが書き込めます",
    "The folder of the private socket cannot be trusted: {folder} ({why}).": "プライベートソケットのフォルダーを信頼できません: {folder} ({why})。",
    "Remove it, or name a socket in a folder of your own (mode 0700) with TRAYEXEC_SOCKET.": "フォルダーを削除するか、TRAYEXEC_SOCKET で自分のフォルダー (モード 0700) 内のソケットを指定してください。",
    "The private socket {path} cannot be made: {why}.": "プライベートソケット {path} を作成できません: {why}。",
    "Name another with TRAYEXEC_SOCKET.": "TRAYEXEC_SOCKET で別のソケットを指定してください。",
    "A trayexec agent is already running (pid {pid}).": "trayexec エージェントはすでに実行中です (pid {pid})。",
    "Nothing to do; `trayexec agent stop` ends it.": "操作は不要です。終了するには `trayexec agent stop` を実行してください。",
    "{path} is in the way: it is not a socket.": "{path} はソケットではないので、ソケットを作成できません。",
    "Move it away, or name another socket with TRAYEXEC_SOCKET.": "移動するか、TRAYEXEC_SOCKET で別のソケットを指定してください。",
    # adapters/keychain/__init__.py
    "The keychain item of {name} is not one that trayexec wrote.": "キーチェーンの項目 {name} は trayexec が書き込んだものではありません。",
    "Store the keys again: trayexec keys add {name}": "キーを保存し直してください: trayexec keys add {name}",
    "No keys are stored for {name}.": "{name} のキーが保存されていません。",
    "Store them: trayexec keys add {name}": "保存してください: trayexec keys add {name}",
    "Your keyring is locked.": "キーリングがロックされています。",
    "Unlock it when your desktop asks, or in its password manager, then try again.": "デスクトップの確認画面またはパスワードマネージャーでロック解除して、もう一度試してください。",
    "The keychain did not answer within {seconds} s.": "キーチェーンが {seconds} 秒以内に応答しませんでした。",
    "Unlock your keyring, then try again.": "キーリングをロック解除して、もう一度試してください。",
    "This desktop has no default keyring yet.": "このデスクトップにはまだ既定のキーリングがありません。",
    "Create one when your desktop asks, or in its password manager (seahorse), then try again.": "デスクトップの確認画面またはパスワードマネージャー (seahorse) で作成して、もう一度試してください。",
    "No keychain service is running in this session.": "このデスクトップセッションではキーチェーンのサービスが動いていません。",
    "Install gnome-keyring, or KWallet with its Secret Service, and log in again.": "gnome-keyring、または Secret Service に対応した KWallet をインストールして、ログインし直してください。",
    "The keychain did not keep the keys of {name}.": "キーチェーンが {name} のキーを保存しませんでした。",
    "See what is wrong with it: trayexec doctor": "原因を調べてください: trayexec doctor",
    "The part of trayexec that reads the keychain did not start: {detail}": "キーチェーンを読む trayexec の部品が起動しませんでした: {detail}",
    "If trayexec was updated while the agent ran: trayexec agent stop. Else install it again.": "エージェントの実行中に trayexec を更新した場合は、次を実行してください: trayexec agent stop。そうでなければ、インストールし直してください。",
    "The keychain failed: {detail}": "キーチェーンでエラーが起きました: {detail}",
    # adapters/ledger.py
    "The file {file} cannot be read: {reason}.": "ファイル {file} を読み込めません: {reason}。",
    "Check who owns it and its permissions: ls -l {file}": "所有者とアクセス権を確認してください: ls -l {file}",
    # adapters/overlayfile.py
    "Access keys were written in plain text to {file}. Put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run `trayexec keys add PROFILE --env`, and remove them from the file.": "アクセスキーが {file} に平文で書き込まれました。AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY に設定して `trayexec keys add PROFILE --env` を実行し、ファイルから削除してください。",
    "{why} The access keys that were written under --live are not kept anywhere: put them into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and run `trayexec keys add PROFILE --env`.": "{why} --live の中で書き込まれたアクセスキーはどこにも残していません。AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY に設定して `trayexec keys add PROFILE --env` を実行してください。",
    "What is removed under --live stays in {file}: {names}. Remove it there, if you mean it.": "--live の中で削除しても {file} には残ります: {names}。本当に削除するなら、そのファイルで削除してください。",
    "What was written to the AWS credentials file under --live cannot be read as one.": "--live の中で AWS credentials ファイルに書き込まれた内容を読み取れません。",
    "What was written to the AWS config under --live cannot be read as one.": "--live の中で AWS config に書き込まれた内容を config として読み取れません。",
    "{file} cannot be written: {why}.": "{file} に書き込めません: {why}。",
    "{why} What was to be there is kept in {file}.": "{why} 書き込むはずだった内容は {file} に残しました。",
    "The AWS config for --live cannot be written in {folder}: {why}.": "--live 用の AWS config を {folder} に書き込めません: {why}。",
    "Check who owns the folder and that the disk is not full.": "フォルダーの所有者と、ディスクに空きがあることを確認してください。",
    # adapters/peer/windows.py
    "trayexec does not run on Windows yet.": "trayexec はまだ Windows に対応していません。",
    "Use it inside WSL 2, where it is a Linux program.": "WSL 2 の中で Linux プログラムとして使ってください。",
    # adapters/outside.py
    "Without trayexec, profile {profile} gets no credentials either: {why}": "プロファイル {profile} は、trayexec なしでも認証情報を取得できません: {why}",
    "Try it in a shell without --live: AWS_CONFIG_FILE={file} aws sts get-caller-identity --profile …": "--live ではないシェルで試してください: AWS_CONFIG_FILE={file} aws sts get-caller-identity --profile …",
    "This role wants an MFA code of its own, which can only be asked for by the AWS CLI itself.": "このロールには専用の MFA コードが必要ですが、それを尋ねられるのは AWS CLI だけです。",
    "Let trayexec serve the profile (`trayexec list` says what stands in the way), or use it without --live.": "このプロファイルを trayexec で使えるようにするか (妨げている理由は `trayexec list` で分かります)、--live なしで使ってください。",
    # adapters/plainfile.py
    "The file {file} changes while it is read.": "ファイル {file} が読み込み中に変更されました。",
    "Wait until what is writing it has finished, and try again.": "書き込みが終わるのを待って、もう一度試してください。",
    "{file} is not a file but a folder, a pipe or a device.": "{file} はファイルではなく、フォルダー、パイプ、デバイスのいずれかです。",
    "Put an ordinary file there, or move it away.": "通常のファイルを置くか、別の場所に移動してください。",
    "The file {file} is too long: more than {limit} bytes.": "ファイル {file} が大きすぎます ({limit} バイトを超えています)。",
    "Check that it is the right file, and shorten it.": "正しいファイルかどうかを確認し、短くしてください。",
    "The file {file} is not UTF-8 text: see line {line}.": "ファイル {file} は UTF-8 のテキストではありません: {line} 行目を確認してください。",
    "Save it as UTF-8 in your editor.": "エディターで UTF-8 として保存してください。",
    # adapters/signin.py
    "AWS's sign-in has a problem of its own ({status}).": "AWS のサインイン側で問題が起きています ({status})。",
    "Try again.": "もう一度試してください。",
    "AWS does not sign in with these credentials ({status}).": "AWS がこの認証情報でのサインインを受け付けません ({status})。",
    "Try again after `trayexec lock`: they may have been revoked. A role whose policy denies everything else cannot sign in either.": "取り消された可能性があります。`trayexec lock` の後でもう一度試してください。ほかをすべて拒否するポリシーを持つロールも、サインインできません。",
    "The answer did not come from AWS; a proxy or a captive portal may be in between.": "AWS からの応答ではありません。プロキシやネットワークのログインページが間に入っている可能性があります。",
    "Open a web page to sign in to this network, or use another one, then try again.": "ブラウザーでこのネットワークにログインするか、別のネットワークを使って、もう一度試してください。",
    "The proxy on the way to {host} cannot be reached, or refuses.": "{host} へのプロキシに接続できないか、プロキシが拒否しています。",
    "Check HTTPS_PROXY and NO_PROXY.": "HTTPS_PROXY と NO_PROXY を確認してください。",
    "The connection to {host} cannot be trusted.": "{host} への接続を信頼できません。",
    "If your company inspects TLS, set ca_bundle in ~/.aws/config to its certificate. Else change the network.": "会社が TLS を検査している場合は、~/.aws/config の ca_bundle にその証明書を設定してください。それ以外の場合は別のネットワークを使ってください。",
    "The certificate bundle for {host} cannot be read.": "{host} の証明書バンドルを読み込めません。",
    "Correct ca_bundle in ~/.aws/config, or AWS_CA_BUNDLE.": "~/.aws/config の ca_bundle または AWS_CA_BUNDLE を修正してください。",
    "{host} cannot be reached.": "{host} に接続できません。",
    "Check the network or the VPN.": "ネットワークまたは VPN を確認してください。",
    "{host} gave no answer.": "{host} から応答がありませんでした。",
    "Check the network and try again.": "ネットワークを確認して、もう一度試してください。",
    "The request to {host} failed in a way nobody thought of ({kind}).": "{host} へのリクエストが想定外のエラーで失敗しました ({kind})。",
    "Try again, and report it if it stays so.": "もう一度試して、続く場合は報告してください。",
    # adapters/sts_errors.py
    "The answer of {host} lacks what was asked for.": "{host} の応答に必要な情報がありません。",
    "Try again. If it keeps happening, something on the way to AWS changes the answers: try another network.": "もう一度試してください。続く場合は、AWS までの途中で応答が書き換えられています。別のネットワークを試してください。",
    "{host} sent credentials whose expiry makes no sense.": "{host} が返した認証情報の有効期限が正しくありません。",
    "Check this machine's clock (timedatectl), then try again.": "このマシンの時計を確認して (timedatectl)、もう一度試してください。",
    "The certificate bundle {path} cannot be read.": "証明書バンドル {path} を読み込めません。",
    "The STS endpoint {url} is not a URL that can be used.": "STS エンドポイント {url} は使用できる URL ではありません。",
    "Correct endpoint_url in ~/.aws/config, or AWS_ENDPOINT_URL_STS: it begins with https://.": "~/.aws/config の endpoint_url または AWS_ENDPOINT_URL_STS を修正してください (https:// で始まります)。",
    "There is no STS endpoint for region {region} with these settings ({reason}).": "この設定では、リージョン {region} の STS エンドポイントがありません ({reason})。",
    "Check region, use_fips_endpoint and use_dualstack_endpoint of the profile in ~/.aws/config.": "~/.aws/config にあるプロファイルの region、use_fips_endpoint、use_dualstack_endpoint を確認してください。",
    "AWS STS has a problem of its own ({host} answered {status}).": "AWS STS 側で問題が起きています ({host} の応答: {status})。",
    "Wait a minute and try again; https://health.aws.amazon.com shows outages.": "1 分待ってもう一度試してください。障害情報: https://health.aws.amazon.com",
    "The AWS session has expired.": "AWS セッションの有効期限が切れました。",
    "Unlock again with a new code: `trayexec auth --force`.": "新しいコードでもう一度ロック解除してください: `trayexec auth --force`",
    "AWS no longer accepts the session: it was revoked, or its user was changed.": "AWS がセッションを受け付けなくなりました。取り消されたか、ユーザーが変更されています。",
    "The key {subject} is a temporary one, and those cannot open a session.": "キー {subject} は一時的なもので、セッションを開くことができません。",
    "Use an IAM user's long-term access key (it begins with AKIA): trayexec keys add": "IAM ユーザーの長期アクセスキー (AKIA で始まるもの) を使ってください: trayexec keys add",
    "AWS does not know the access key of {subject}, or it is inactive.": "{subject} のアクセスキーが AWS に存在しないか、無効になっています。",
    "Make a new key in the AWS console (IAM, Security credentials), then: trayexec keys add": "AWS コンソール (IAM の「セキュリティ認証情報」) で新しいキーを作成してから、次を実行してください: trayexec keys add",
    "AWS did not accept the code: it is wrong, or was used before.": "AWS がコードを受け付けませんでした。間違っているか、使用済みです。",
    "Wait for the next code, and check that it is the device of {subject} and that its clock is right.": "次のコードを待ってください。{subject} のデバイスであることと、その時計が正しいことも確認してください。",
    "AWS checks no more codes for now: there were too many in three minutes, or the MFA serial is not yours.": "AWS は今コードを確認しません。3 分間に回数が多すぎたか、MFA シリアルがあなたのものではありません。",
    "Wait three minutes and try once. If it keeps happening, correct mfa_serial in ~/.aws/config: aws iam list-mfa-devices shows it. A security key (FIDO) cannot be used here.": "3 分待ってから 1 回だけ試してください。続く場合は ~/.aws/config の mfa_serial を修正してください (aws iam list-mfa-devices で確認できます)。セキュリティキー (FIDO) はここでは使えません。",
    "AWS denied the request for {subject}.": "AWS が {subject} のリクエストを拒否しました。",
    "Ask the administrator of the account whether a policy forbids it.": "ポリシーで禁止されていないか、アカウントの管理者に確認してください。",
    "AWS refused the role {role}, asked for from another role.": "別のロールから要求したロール {role} を AWS が拒否しました。",
    "A role's credentials carry no MFA: if the trust policy of {role} demands aws:MultiFactorAuthPresent, it must trust your user instead. Else check role_arn, external_id, the trust policy, and whether the first role may call sts:AssumeRole.": "ロールの認証情報には MFA の情報が含まれません。{role} の信頼ポリシーが aws:MultiFactorAuthPresent を要求する場合は、代わりにあなたのユーザーを信頼させる必要があります。そうでなければ role_arn、external_id、信頼ポリシーと、最初のロールに sts:AssumeRole の権限があるかを確認してください。",
    "AWS refused the role {role}.": "AWS がロール {role} を拒否しました。",
    "AWS gives no reason. Check role_arn (does the role exist?), external_id, the role's trust policy, and whether your user may call sts:AssumeRole on it. If the role wants a recent MFA, run: trayexec auth --force": "AWS は理由を示しません。role_arn (ロールは存在するか)、external_id、ロールの信頼ポリシーと、あなたのユーザーに sts:AssumeRole の権限があるかを確認してください。ロールが最近の MFA を要求する場合は、次を実行してください: trayexec auth --force",
    "AWS does not take the region {region} at {host}.": "AWS がリージョン {region} を {host} で受け付けません。",
    "Correct region (or endpoint_url) of the profile in ~/.aws/config.": "~/.aws/config にあるプロファイルの region (または endpoint_url) を修正してください。",
    "AWS did not accept the signature of the request to {host}.": "AWS が {host} へのリクエストの署名を受け付けませんでした。",
    "Something between here and AWS changes the requests: try another network, or without the proxy.": "AWS までの途中でリクエストが書き換えられています。別のネットワークを使うか、プロキシなしで試してください。",
    "The secret access key of {subject} is not the one that AWS knows.": "{subject} のシークレットアクセスキーが AWS のものと一致しません。",
    "Store the pair again, copied whole: trayexec keys add": "キーの組を欠けのないようにコピーして、保存し直してください: trayexec keys add",
    "Your clock is {minutes} minutes fast.": "時計が {minutes} 分進んでいます。",
    "Set it: sudo timedatectl set-ntp true (or the system's date and time settings), then try again.": "時計を合わせて (sudo timedatectl set-ntp true、またはシステムの日付と時刻の設定)、もう一度試してください。",
    "Your clock is {minutes} minutes slow.": "時計が {minutes} 分遅れています。",
    "AWS says that the time of this machine is wrong.": "AWS によると、このマシンの時刻がずれています。",
    "AWS STS has too many requests from this account just now.": "現在、このアカウントから AWS STS へのリクエストが多すぎます。",
    "Wait a minute and try again.": "1 分待って、もう一度試してください。",
    "AWS STS is switched off in region {region} for this account.": "このアカウントではリージョン {region} の AWS STS が無効になっています。",
    "Use another region for the profile in ~/.aws/config, or let an administrator switch it on (IAM, Account settings).": "~/.aws/config のプロファイルで別のリージョンを使うか、管理者に有効化を依頼してください (IAM の「アカウント設定」)。",
    "AWS does not let the credentials of {subject} last that long.": "AWS は {subject} の認証情報にそれほど長い有効期限を認めません。",
    "Ask for less: duration_seconds in ~/.aws/config, or the session's duration in the settings.": "~/.aws/config の duration_seconds または設定のセッション時間を短くしてください。",
    "AWS refused the request for {subject} ({code}).": "AWS が {subject} のリクエストを拒否しました ({code})。",
    "Check these of the profile in ~/.aws/config: {names}": "~/.aws/config にあるプロファイルの次の項目を確認してください: {names}",
    "The request to {host} failed in an unexpected way ({kind}).": "{host} へのリクエストが予期しないエラーで失敗しました ({kind})。",
    "Try again. If it keeps failing, please report it.": "もう一度試してください。続く場合は報告してください。",
    "Check HTTPS_PROXY and NO_PROXY where trayexec-agent was started.": "trayexec-agent を起動した環境の HTTPS_PROXY と NO_PROXY を確認してください。",
    "The request for {subject} cannot be sent as it is.": "{subject} のリクエストをこのままでは送信できません。",
    "The code was sent to {host}, but no answer came.": "コードを {host} に送信しましたが、応答がありませんでした。",
    "Check the network and try again with the next code: one that was sent counts as used.": "ネットワークを確認し、次のコードで試してください。送信したコードは使用済みになります。",
    "The request was sent to {host}, but no answer came.": "リクエストを {host} に送信しましたが、応答がありませんでした。",
    "The name {host} is not known here.": "{host} という名前が見つかりません。",
    "Check the network, and that region = {region} of the profile in ~/.aws/config is a region of AWS.": "ネットワークと、~/.aws/config にあるプロファイルの region = {region} が AWS のリージョンであることを確認してください。",
    "Check the network or the VPN; does a proxy have to be set where trayexec-agent was started?": "ネットワークまたは VPN を確認してください。trayexec-agent を起動した環境にプロキシの設定は必要ですか。",
    "The certificate of {host} is not valid at this machine's time.": "このマシンの時刻では {host} の証明書が有効ではありません。",
    "Check this machine's clock first (timedatectl); then whether something inspects TLS on this network.": "まずこのマシンの時計を確認し (timedatectl)、次にこのネットワークで TLS が検査されていないか確認してください。",
    # adapters/tray/bus.py
    "The desktop's message bus cannot be reached: {reason}.": "デスクトップのメッセージバスに接続できません: {reason}。",
    "Start trayexec from your desktop session, or use it without a tray icon: `trayexec auth`.": "デスクトップセッションから trayexec を起動するか、トレイアイコンなしで使ってください: `trayexec auth`",
    # adapters/tray/pystrays.py
    "The tray backend {name} cannot be used here: {reason}.": "トレイのバックエンド {name} はここでは使えません: {reason}。",
    "Nothing is lost without it: use `trayexec status` and `trayexec auth`.": "トレイがなくても `trayexec status` と `trayexec auth` ですべて使えます。",
    # cli.py
    "Something went wrong inside trayexec ({kind}).": "trayexec の内部で問題が起きました ({kind})。",
    "Run it again with TRAYEXEC_DEBUG=1: that shows where.": "TRAYEXEC_DEBUG=1 を付けてもう一度実行すると、場所が分かります。",
    "Standard output cannot be written: {why}.": "標準出力に書き込めません: {why}。",
    "Usage: trayexec [--region R] [--need 2h] [--wait S] PROFILE -- CMD…": "使い方: trayexec [--region R] [--need 2h] [--wait S] PROFILE -- CMD…",
    "There is no command after `--`.": "`--` の後にコマンドがありません。",
    "{name}: not executable": "{name}: 実行できません",
    "{name}: command not found": "{name}: コマンドが見つかりません",
    "The agent does not answer.": "エージェントが応答しません。",
    "Stop it with `trayexec agent stop`, or end its process, then try again.": "`trayexec agent stop` で停止するか、プロセスを終了して、もう一度試してください。",
    "in here the credentials of {profile} win over AWS_PROFILE; `trayexec shell` is the one to switch in": "この中では {profile} の認証情報が AWS_PROFILE より優先されます。切り替えるには `trayexec shell` を使ってください",
    "Still waiting for {profile}…": "{profile} をまだ待っています…",
    "Still waiting for the agent…": "エージェントをまだ待っています…",
    # client.py
    "The socket {path} belongs to another user's process.": "ソケット {path} は別のユーザーのプロセスのものです。",
    "Nothing was sent. Remove it, or unset TRAYEXEC_SOCKET.": "何も送信していません。ソケットを削除するか、TRAYEXEC_SOCKET の設定を解除してください。",
    "No trayexec agent listens at {path}.": "{path} で待機している trayexec エージェントがありません。",
    "Start one with `trayexec agent start`.": "`trayexec agent start` で起動してください。",
    "The agent's socket {path} cannot be used: {why}.": "エージェントのソケット {path} を使用できません: {why}。",
    "Check who owns the folder, or name another with TRAYEXEC_SOCKET (at most 107 bytes).": "フォルダーの所有者を確認するか、TRAYEXEC_SOCKET で別のソケットを指定してください (最大 107 バイト)。",
    "The agent's answer is not of this protocol.": "エージェントの応答がこのプロトコルのものではありません。",
    "Agent and command may be of different versions: run `trayexec agent stop`, then try again.": "エージェントとコマンドのバージョンが異なる可能性があります。`trayexec agent stop` を実行して、もう一度試してください。",
    "The agent ended before it answered.": "エージェントが応答する前に終了しました。",
    "Run the command again; the agent's log says why it ended.": "コマンドをもう一度実行してください。終了の理由はエージェントのログにあります。",
    # commands/agent.py
    "the agent listens; Ctrl-C stops it and forgets everything": "エージェントが待機しています。Ctrl-C で停止し、すべて消去します",
    "The agent did not start.": "エージェントが起動しませんでした。",
    "Run `trayexec agent` in a terminal: it says why.": "ターミナルで `trayexec agent` を実行すると理由が表示されます。",
    "A part that trayexec needs is missing: {name}": "trayexec に必要な部品がありません: {name}",
    "Install trayexec again, with what it depends on.": "依存するものと一緒に trayexec をインストールし直してください。",
    "The agent did not start: {why}": "エージェントが起動しませんでした: {why}",
    "Run `trayexec agent` in a terminal to see more. Where parts of trayexec are missing, install it again.": "詳しくはターミナルで `trayexec agent` を実行してください。trayexec の一部が欠けている場合は、インストールし直してください。",
    "{title} But it cannot be reached.": "{title} しかし接続できません。",
    "End that process, then try again.": "そのプロセスを終了してから、もう一度お試しください。",
    "starting the agent…": "エージェントを起動しています…",
    "the agent is running": "エージェントは実行中です",
    "the agent is running already": "エージェントはすでに実行中です",
    "no agent is running": "エージェントは実行されていません",
    "the agent has stopped and forgotten everything": "エージェントが停止し、すべて消去しました",
    "The agent does not stop.": "エージェントが停止しません。",
    "End its process, whose number is in its lock file: kill -9 $(cat {lock})": "プロセスを終了してください。番号はロックファイルにあります: kill -9 $(cat {lock})",
    # commands/console.py
    "for {minutes} minutes this address signs in whoever opens it": "このアドレスを開いた人は誰でも、{minutes} 分間サインインできます",
    "No browser came to open the console.": "コンソールを開くブラウザーが見つかりません。",
    "`trayexec console {profile} --print` prints the address; $BROWSER names a browser.": "`trayexec console {profile} --print` でアドレスを表示できます。ブラウザーは $BROWSER で指定します。",
    "the console of {profile} is open in the browser": "{profile} のコンソールをブラウザーで開きました",
    "{profile} is an identity itself, and AWS signs only roles in to the console this way.": "{profile} はアイデンティティです。AWS がこの方法でコンソールにサインインさせるのはロールだけです。",
    "Name a profile with a role_arn (`trayexec list` shows them), or sign in with your user's password.": "role_arn のあるプロファイルを指定するか (`trayexec list` で確認できます)、ユーザーのパスワードでサインインしてください。",
    "The name of the profile is empty.": "プロファイル名が空です。",
    "Look at the variable that is to hold it; `trayexec list` shows the profiles there are.": "プロファイル名を入れたはずの変数を確認してください。プロファイルは `trayexec list` で確認できます。",
    "There is no profile {profile} in the AWS config.": "AWS config にプロファイル {profile} がありません。",
    # commands/doctor
    "`trayexec list` says of each what is wrong and what to do about it.": "`trayexec list` でそれぞれの問題と対処方法を確認できます。",
    "there is no file {config}, so there is no profile to serve": "ファイル {config} がないため、使えるプロファイルがありません",
    "Write it with `aws configure set mfa_serial arn:aws:iam::ACCOUNT:mfa/DEVICE`, then store your keys: `trayexec keys add default`": "`aws configure set mfa_serial arn:aws:iam::ACCOUNT:mfa/DEVICE` で作成してから、キーを保存してください: `trayexec keys add default`",
    "{config} has no profile": "{config} にプロファイルがありません",
    "A name with spaces is written in quotes: {example}": "空白のある名前は引用符で囲みます: {example}",
    "asking AWS STS whose keys these are…": "誰のキーかを AWS STS に問い合わせています…",
    "AWS STS": "AWS STS への接続",
    "were not looked at: the keyring is locked, and to open it would ask you for its password": "は確認していません。キーリングがロックされていて、開くにはパスワードの入力が必要です",
    "Unlock it in your desktop's password manager, then run `trayexec doctor` again.": "デスクトップのパスワードマネージャーでロック解除してから、`trayexec doctor` をもう一度実行してください。",
    "Remove the lines aws_access_key_id and aws_secret_access_key of [{section}] from {file}.": "{file} の [{section}] から aws_access_key_id と aws_secret_access_key の行を削除してください。",
    "are in the keychain, and still in plain text under [{section}] of {file}": "はキーチェーンにありますが、{file} の [{section}] にも平文で残っています",
    "are in the keychain, but [{section}] of {file} has another key (…{end}) in plain text, which everything but trayexec uses": "はキーチェーンにありますが、{file} の [{section}] に別のキー (…{end}) が平文であり、trayexec 以外はそちらを使います",
    "AWS STS in {region}": "{region} の AWS STS",
    "{host} answers, and knows the keys of {name}: {arn}": "{host} は応答し、{name} のキーを認識しています: {arn}",
    "{host} did not answer within a few seconds": "{host} は数秒以内に応答しませんでした",
    "Check the network, the VPN and the proxy (HTTPS_PROXY), then run `trayexec doctor` again.": "ネットワーク、VPN、プロキシ (HTTPS_PROXY) を確認してから、`trayexec doctor` をもう一度実行してください。",
    "{host}, asked with the keys of {name}: {why}": "{host} ({name} のキーで問い合わせ): {why}",
    "{said} (by the proxy {proxy})": "{said} (プロキシ {proxy} 経由)",
    "was not asked about the keys of {name}, as they could not be read: whether AWS is reached, whose they are and how the clock stands is not known": "には {name} のキーについて問い合わせていません。キーを読み取れないため、AWS に届くか、誰のキーか、時計が合っているかは不明です",
    "clock": "時計",
    "agrees with that of AWS": "AWS の時計と合っています",
    "Your clock is {seconds} seconds fast.": "時計が {seconds} 秒進んでいます。",
    "Your clock is {seconds} seconds slow.": "時計が {seconds} 秒遅れています。",
    "are of the account {account}, but the MFA device {serial} is of {other}: AWS refuses every code": "はアカウント {account} のものですが、MFA デバイス {serial} は {other} のものです。AWS はどのコードも拒否します",
    "Store those of {other} with `trayexec keys add {name}`, or correct mfa_serial for {section}.": "`trayexec keys add {name}` で {other} のキーを保存するか、{section} に使う mfa_serial を修正してください。",
    "none listens at {socket}, which TRAYEXEC_SOCKET names": "TRAYEXEC_SOCKET が指す {socket} では実行されていません",
    "unset TRAYEXEC_SOCKET, or start one there: trayexec agent start": "TRAYEXEC_SOCKET を解除するか、そこで起動してください: trayexec agent start",
    "none runs, and TRAYEXEC_NO_AUTOSTART=1 keeps commands from starting one": "実行されておらず、TRAYEXEC_NO_AUTOSTART=1 のためコマンドも起動しません",
    "Start it: trayexec agent start": "起動してください: trayexec agent start",
    "it is version {theirs}, and this command is version {ours}": "エージェントはバージョン {theirs}、このコマンドはバージョン {ours} です",
    "The next command starts the new one after: trayexec agent stop": "次を実行すると、その次のコマンドが新しいエージェントを起動します: trayexec agent stop",
    "another one of yours listens at {socket} (process {pid}): it asks for codes of its own, and no lock from here reaches it": "あなたの別のエージェントが {socket} で動いています (プロセス {pid})。コードを別に求め、ここからのロックは届きません",
    "unknown": "不明",
    "Stop it: TRAYEXEC_SOCKET={socket} trayexec agent stop": "停止してください: TRAYEXEC_SOCKET={socket} trayexec agent stop",
    "the code is asked for on the terminal": "コードの入力は端末で求めます",
    "there is no display and no terminal here, so nobody can be asked when the session ends": "ここにはディスプレイも端末もないため、セッションの終了時に誰にもコードを求められません",
    "Run `trayexec auth` on a terminal of this machine before that.": "その前に、このマシンの端末で `trayexec auth` を実行してください。",
    "there is no display and no terminal here, so nobody can be asked for the code": "ここにはディスプレイも端末もないため、誰にもコードを求められません",
    "Run `trayexec auth` on a terminal of this machine: what waits goes on then.": "このマシンの端末で `trayexec auth` を実行してください。待っているコマンドが続行します。",
    "state folder": "状態フォルダー",
    "nothing can be written to {folder} ({why}): no log, and no --live": "{folder} に書き込めません ({why})。ログも --live も使えません",
    "Make room there, or give the folder to yourself: ls -ld {folder}": "空きを作るか、フォルダーを自分の所有にしてください: ls -ld {folder}",
    "{variable} names {profile}, and there is no such profile": "{variable} が指す {profile} というプロファイルはありません",
    "{hint} Or: unset {variable}": "{hint} または次を実行してください: unset {variable}",
    "{variable} names a profile that has a problem. {why}": "{variable} が指すプロファイルに問題があります。{why}",
    "AWS files": "AWS ファイル",
    "agent": "エージェント",
    "none runs at {socket}; the first command starts it": "{socket} では実行されていません。最初のコマンドが起動します",
    "version {v} runs as process {pid} at {socket}": "バージョン {v} がプロセス {pid} として {socket} で実行中です",
    "tray": "トレイ",
    "there is no icon: no tray was found when the agent started": "アイコンはありません。エージェントの起動時にトレイが見つかりませんでした",
    "Everything else works. After a change of desktop: trayexec agent stop": "ほかはすべて使えます。デスクトップを変えた後は次を実行してください: trayexec agent stop",
    "the icon is shown by {way}": "アイコンは {way} で表示しています",
    "dialog": "ダイアログ",
    "the code is asked for by {tool}": "コードの入力は {tool} で求めます",
    "settings": "設定",
    "{file} is read, if it is there": "{file} があれば読み込みます",
    "shell": "シェル",
    "this shell runs under `trayexec {profile}`: its keys beat AWS_PROFILE in most SDKs": "このシェルは `trayexec {profile}` の中で動いています。ほとんどの SDK ではそのキーが AWS_PROFILE より優先されます",
    "To switch with AWS_PROFILE inside: trayexec shell {profile}": "中で AWS_PROFILE を切り替えるには: trayexec shell {profile}",
    "{names} would be used instead of a profile": "プロファイルの代わりに {names} が使われてしまいます",
    "unset {names}": "次を実行してください: unset {names}",
    "AWS_PROFILE is {a} and AWS_DEFAULT_PROFILE is {b}: SDKs differ in which they use": "AWS_PROFILE は {a}、AWS_DEFAULT_PROFILE は {b} で、どちらを使うかは SDK によって異なります",
    "unset AWS_DEFAULT_PROFILE": "次を実行してください: unset AWS_DEFAULT_PROFILE",
    "AWS_PROFILE reaches every served profile in this shell": "このシェルでは AWS_PROFILE で使用可能なすべてのプロファイルを選べます",
    "AWS_PROFILE is not ours here": "このシェルの AWS_PROFILE は trayexec につながっていません",
    '`trayexec shell`, or eval "$(trayexec hook bash)" in ~/.bashrc, makes it so': '`trayexec shell` を使うか、~/.bashrc に eval "$(trayexec hook bash)" を書くとつながります',
    "{config}: {served} profiles are served, {others} are not": "{config}: 使えるプロファイル {served} 個、使えないプロファイル {others} 個",
    "profile {profile}": "プロファイル {profile}",
    "[default] and [profile default] are both there, and SDKs differ in which they use": "[default] と [profile default] の両方があり、どちらを使うかは SDK によって異なります",
    "Make one section of the two: [default]": "1 つのセクションにまとめてください: [default]",
    "the section [{section}] is no profile to any SDK": "セクション [{section}] はどの SDK でもプロファイルになりません",
    "are in your AWS files alone: that will do under --live, but not for `trayexec {name} -- …`": "は AWS ファイルにだけあります。--live ではそれで足りますが、`trayexec {name} -- …` には足りません",
    "the SDKs of Java and Rust read nothing of this file because of the section [{section}]": "セクション [{section}] のため、Java と Rust の SDK はこのファイルをまったく読めません",
    "Give the profile a name without # and ;": "プロファイルに # と ; を含まない名前を付けてください",
    "[{section}] {key} has what looks like a comment after it": "[{section}] の {key} の後ろにコメントのようなものがあります",
    "The AWS CLI takes it for part of the value: write comments on lines of their own": "AWS CLI はこれを値の一部と見なします。コメントは単独の行に書いてください",
    "keys of {name}": "{name} のキー",
    "are in the keychain": "キーチェーンにあります",
    "others may read {file}": "ほかのユーザーが {file} を読み取れます",
    "chmod 600 {file}": "次を実行してください: chmod 600 {file}",
    # commands/env.py
    'these are secrets, and now they are on your screen and in its history. Better: eval "$(trayexec env …)", or trayexec PROFILE -- CMD…': 'これは秘密の情報で、画面とその履歴に残りました。次のほうが安全です: eval "$(trayexec env …)"、または trayexec PROFILE -- CMD…',
    # commands/fanout/__init__.py
    "nothing to run: the last run had no failures": "実行するものがありません。前回の実行に失敗はありませんでした",
    "left out: {profile}: {problem}": "対象外: {profile}: {problem}",
    "left out: {profile}: it is no longer in the AWS config": "対象外: {profile}: AWS の設定にもうありません",
    "--jobs is a number from 1 on.": "--jobs には 1 以上の数値を指定してください。",
    "Usage: trayexec --jobs 8 'prod-*' -- CMD…": "使い方: trayexec --jobs 8 'prod-*' -- CMD…",
    "There is no output {output}.": "{output} という出力形式はありません。",
    "It is one of: --output prefix, grouped, json, dir=PATH": "次のいずれかを指定してください: --output prefix, grouped, json, dir=PATH",
    "The folder {folder} cannot be used: {why}.": "フォルダー {folder} を使用できません: {why}。",
    "Name another: --output dir=PATH": "別のフォルダーを指定してください: --output dir=PATH",
    # commands/fanout/ending.py
    "--retry-failed will not know of this run: {why}": "この実行を --retry-failed のために記録できませんでした: {why}",
    "PROFILE": "プロファイル",
    "ACCOUNT": "アカウント",
    "STATUS": "ステータス",
    "SECONDS": "秒数",
    # commands/fanout/memory.py
    "There is no last run to take the failures from.": "失敗を取り出せる前回の実行がありません。",
    "Name the profiles: trayexec 'prod-*' -- CMD…": "プロファイルを指定してください: trayexec 'prod-*' -- CMD…",
    "The file {file} is not what a run left there.": "ファイル {file} は実行時に書き込んだものではありません。",
    "Remove it, and name the profiles.": "ファイルを削除して、プロファイルを指定してください。",
    "The last run was about the profiles of other AWS files.": "前回の実行は別の AWS ファイルのプロファイルが対象でした。",
    "Set AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE as they were then, or name the profiles.": "AWS_CONFIG_FILE と AWS_SHARED_CREDENTIALS_FILE を前回と同じに設定するか、プロファイルを指定してください。",
    # commands/fanout/obtaining.py
    "No connection to the agent can be opened: {why}.": "エージェントへの接続を開けません: {why}",
    "Allow more open files (`ulimit -n`), or fewer at a time with --jobs.": "開けるファイル数を増やす (`ulimit -n`) か、--jobs で同時実行数を減らしてください。",
    "Run the command again; its log says why it ended.": "コマンドをもう一度実行してください。終了の理由はエージェントのログにあります。",
    # commands/fanout/preview.py
    "What failed in the last run is no longer in the AWS config: {names}.": "前回失敗したプロファイルは AWS の設定にもうありません: {names}",
    "None of these profiles failed in the last run.": "指定したプロファイルの中に、前回の実行で失敗したものはありません。",
    "Those that did: {names}": "失敗したもの: {names}",
    "COMMAND": "コマンド",
    "Run {command} for {count} profiles ({names})? [y/N] ": "{command} を {count} 個のプロファイル ({names}) で実行しますか? [y/N] ",
    "Nothing has run.": "何も実行していません。",
    "--yes answers the question beforehand.": "--yes を付けると確認を省略できます。",
    # commands/fanout/result.py
    "no credentials": "認証情報なし",
    "not run": "未実行",
    # commands/fanout/running.py
    "{profiles}: AWS credentials end in {minutes} min, and the command cannot renew them\n  What runs this long renews by itself under `trayexec --live {profile} -- …`.": "{profiles}: AWS 認証情報の有効期限まであと {minutes} 分です。実行中のコマンドは更新できません\n  長く実行するコマンドは `trayexec --live {profile} -- …` で実行すると自動的に更新されます。",
    "The command could not be started: {why}.": "コマンドを起動できませんでした: {why}。",
    "Check the command, its first line, and the room there is.": "コマンドとその 1 行目、空き容量を確認してください。",
    "Its output could not be kept: {why}.": "出力を保存できませんでした: {why}。",
    "Make room, or keep it in files with --output dir=PATH; then run it again: --retry-failed.": "空き容量を増やすか、--output dir=PATH でファイルに保存して、もう一度実行してください: --retry-failed",
    "{running} running, {done} done, {failed} failed, {waiting} to come: {names}": "実行中 {running}、完了 {done}、失敗 {failed}、待機中 {waiting}: {names}",
    # commands/fanout/selection.py
    "Did you mean {near}?": "{near} の間違いではありませんか。",
    "No profile matches {pattern}.": "{pattern} に一致するプロファイルがありません。",
    "`trayexec list` shows the profiles there are. A name with * ? [ in it is given with --profile.": "プロファイルは `trayexec list` で確認できます。* ? [ を含む名前は --profile で指定してください。",
    "There is no group {group} in config.toml.": "グループ {group} は config.toml にありません。",
    'Write it below [groups], like prod = ["prod-*", "account-a"]. A profile of that name is given with --profile.': '[groups] の下に prod = ["prod-*", "account-a"] のように書いてください。その名前のプロファイルは --profile で指定します。',
    "Did you mean {near}? `trayexec list` shows all of them.": "{near} の間違いではありませんか。`trayexec list` ですべて確認できます。",
    "None of the profiles that are meant can be served.": "指定したプロファイルはどれも使えません。",
    "`trayexec list` says what is wrong with each.": "それぞれの問題点は `trayexec list` で確認できます。",
    "The groups that are meant have no members.": "指定されたグループにはプロファイルがありません。",
    "Add some below [groups] in config.toml.": "config.toml の [groups] の下に追加してください。",
    "Nothing is left to run: --except leaves out every profile.": "実行するものが残りません。--except がすべてのプロファイルを除外しています。",
    "Name fewer to leave out.": "除外するプロファイルを減らしてください。",
    # commands/fanout/upfront.py
    "credentials: {have} of {all}…": "認証情報: {all} 個中 {have} 個…",
    "nothing has run; --keep-going runs the other {count}": "何も実行していません。--keep-going を付けると残りの {count} 個で実行します",
    "nothing has run": "何も実行していません",
    # commands/formats.py
    "TRAYEXEC_PROFILE is left out: not every reader of such a file takes {value} for the same": "TRAYEXEC_PROFILE を省きました。このファイルを読むプログラムによって {value} の解釈が異なるためです",
    "the profile's name": "プロファイルの名前",
    "The format {form} has no way to write {what}: {value}": "形式 {form} では {what} を書き表せません: {value}",
    "Take another --format, such as json.": "json など、別の --format を使ってください。",
    # commands/keys.py
    "asking AWS whose keys these are…": "キーの持ち主を AWS に確認しています…",
    "the keys of {arn} are in the keychain as {name}": "{arn} のキーを {name} としてキーチェーンに保存しました",
    "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY: nothing needs them in your shell any more": "次を実行してください: unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY (シェルではもう必要ありません)",
    "not stored: run `trayexec keys add {name}`": "未保存: `trayexec keys add {name}` を実行してください",
    "IDENTITY": "アイデンティティ",
    "ACCESS KEY": "アクセスキー",
    "no profile of the AWS config leads to an identity with an MFA device": "MFA デバイスを持つアイデンティティにつながるプロファイルが AWS config にありません",
    "the keys of {name} are no longer in the keychain": "{name} のキーをキーチェーンから削除しました",
    "{profile} is a role and has no keys of its own.": "{profile} はロールなので、自身のキーを持ちません。",
    "It is assumed with those of {keys}: run `trayexec keys add {keys}`.": "{keys} のキーで引き受けるロールです。`trayexec keys add {keys}` を実行してください。",
    "AWS_SESSION_TOKEN is set: these are no long-term keys.": "AWS_SESSION_TOKEN が設定されています。これは長期キーではありません。",
    "Unset it if it is left over, and name an IAM user's own access key.": "残っているだけなら設定を解除し、IAM ユーザー自身のアクセスキーを指定してください。",
    "There is no terminal to ask for the keys on.": "キーを入力するためのターミナルがありません。",
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then run `trayexec keys add PROFILE --env`.": "AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY を設定して、`trayexec keys add PROFILE --env` を実行してください。",
    "Access key id: ": "アクセスキー ID: ",
    "Secret access key (not shown): ": "シークレットアクセスキー (表示されません): ",
    "The access key id or the secret access key is missing.": "アクセスキー ID またはシークレットアクセスキーがありません。",
    "Both are needed; --env takes them from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.": "両方が必要です。--env を付けると AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY から読み取ります。",
    "That access key id belongs to temporary credentials.": "このアクセスキー ID は一時的な認証情報のものです。",
    "Use an IAM user's own access key: its id begins with AKIA.": "IAM ユーザー自身のアクセスキー (ID が AKIA で始まるもの) を使ってください。",
    # commands/live.py
    "{most} commands run under --live, one within the other.": "--live の中の --live が {most} 段になっています。",
    "A credential_process in your AWS config may call itself: `trayexec list` shows which there are.": "AWS config の credential_process が自分自身を呼び出している可能性があります。どれがあるかは `trayexec list` で確認できます。",
    # commands/log.py
    "nothing has been asked of an agent yet": "エージェントへの要求はまだありません",
    "WHEN": "日時",
    "REQUEST": "リクエスト",
    "ANSWER": "応答",
    "PID": "プロセス ID",
    "ASKED BY": "要求元",
    # commands/modes.py
    "{option} is for runs over several profiles: it does not go with --live or --server.": "{option} は複数のプロファイルで実行するときのオプションです。--live や --server とは併用できません。",
    "Leave out the one or the other.": "どちらか一方を外してください。",
    "One profile stands before `--`, no more and no less.": "`--` の前にはプロファイルを 1 つだけ指定してください。",
    "Usage: trayexec [--live | --server] PROFILE -- CMD…": "使い方: trayexec [--live | --server] PROFILE -- CMD…",
    "No profile stands before `--`.": "`--` の前にプロファイルがありません。",
    "Usage: trayexec PROFILE [PROFILE…] -- CMD…": "使い方: trayexec PROFILE [PROFILE…] -- CMD…",
    # commands/parse.py
    "{value} is not a number of lines.": "{value} は行数として正しくありません。",
    "`trayexec help` shows every option.": "`trayexec help` ですべてのオプションを確認できます。",
    # commands/server.py
    "the agent has ended: nothing renews the credentials of {profile} until `trayexec auth` is run": "エージェントが終了しました。`trayexec auth` を実行するまで {profile} の認証情報は更新されません",
    "a new agent serves {profile}": "新しいエージェントが {profile} を引き継ぎました",
    # commands/show.py
    "locked": "ロック中",
    "waiting for the code": "コード待ち",
    "asking AWS": "AWS に確認中",
    "LEFT": "残り時間",
    "UNTIL": "有効期限",
    "MFA DEVICE": "MFA デバイス",
    "no identity yet: write mfa_serial into ~/.aws/config, then run `trayexec keys add default`": "アイデンティティがまだありません。~/.aws/config に mfa_serial を書いてから `trayexec keys add default` を実行してください",
    "ROLE": "ロール",
    "REGION": "リージョン",
    "STATE": "状態",
    "the AWS config has no profiles": "AWS config にプロファイルがありません",
    # commands/slips.py
    "There is no verb {word}.": "{word} というサブコマンドはありません。",
    "`trayexec help` shows the verbs. To run a command with a profile, put `--` before the command: trayexec PROFILE -- CMD…": "サブコマンドは `trayexec help` で確認できます。プロファイルでコマンドを実行するには、コマンドの前に `--` を付けてください: trayexec PROFILE -- CMD…",
    "These words do not belong here: {words}.": "ここでは使えない語です: {words}。",
    "`trayexec help` shows what does.": "使える語は `trayexec help` で確認できます。",
    "This is missing: {words}.": "次が足りません: {words}。",
    "`trayexec help` shows where it goes.": "書き方は `trayexec help` で確認できます。",
    "`trayexec help` shows every verb.": "サブコマンドは `trayexec help` で確認できます。",
    "{option} lacks its value.": "{option} に値がありません。",
    "Write one of: {choices}": "次のいずれかを書いてください: {choices}",
    "{option} cannot be {value}.": "{option} に {value} は指定できません。",
    "{option} does not go with {other}.": "{option} と {other} は同時に指定できません。",
    # commands/table.py
    "<1 min": "1 分未満",
    "{m} min": "{m} 分",
    "{h} h {m:02} min": "{h} 時間 {m:02} 分",
    # commands/terminal.py
    "MFA code of identity {identity} ({serial}): ": "アイデンティティ {identity} の MFA コード ({serial}): ",
    # commands/unlock.py
    "identity {identity} is open until {when}": "アイデンティティ {identity} をロック解除しました。有効期限は {when} です",
    "no agent is running, so there is nothing to forget": "エージェントは実行されていないので、消去するものはありません",
    "locked: sessions and role credentials are forgotten": "ロックしました。セッションとロールの認証情報を消去しました",
    # commands/why.py
    "its sections are looked for in {config} and {shared}": "セクションを {config} と {shared} で探します",
    "it is the role {role}, session name {session}, assumed at {where}": "ロール {role} を、セッション名 {session} で {where} に引き受けます",
    "STS in {region}": "{region} の STS",
    "with the external id {id}": "外部 ID は {id} です",
    "its session belongs to the identity {identity}": "セッションはアイデンティティ {identity} のものです",
    "which is opened with a code of the device {serial}": "デバイス {serial} のコードでロック解除します",
    "and with the keys that the keychain has as {keys}": "キーはキーチェーンの {keys} を使います",
    "commands get the region {region}": "コマンドで使うリージョンは {region} です",
    "nothing says a region: commands keep the one of your shell, if there is one": "リージョンの指定がないため、シェルに設定があればそれを使います",
    # core/broker.py
    "{profile} asks for {wanted} s with duration_seconds; from a session AWS gives a role {most} s at most": "{profile} は duration_seconds で {wanted} 秒を求めていますが、セッションからのロールは最長 {most} 秒です",
    # core/codes.py
    "A code has six digits, this one has {count}.": "コードは 6 桁ですが、{count} 桁入力されました。",
    "A code has six digits (0 to 9) and nothing else.": "コードは 6 桁の数字 (0 から 9) だけです。",
    "Too many MFA codes in three minutes.": "3 分間に入力された MFA コードが多すぎます。",
    "AWS stops listening after a few: wait {seconds} seconds, then try again. If the codes are right, check that mfa_serial in ~/.aws/config is your own device.": "AWS は回数を超えるとコードを受け付けません。{seconds} 秒待ってからもう一度試してください。コードが正しい場合は、~/.aws/config の mfa_serial が自分のデバイスかどうかを確認してください。",
    # core/endpoints.py
    "The region of profile {profile} is not the name of a region: {value}": "プロファイル {profile} のリージョンが正しい名前ではありません: {value}",
    "Write it like region = eu-central-1 under {section}, with nothing after it on the line.": "{section} に region = eu-central-1 のように書き、行の後ろには何も付けないでください。",
    "Profile {profile} is in the AWS partition {partition} and names no region of it.": "プロファイル {profile} は AWS パーティション {partition} に属しますが、そのリージョンが指定されていません。",
    "Write region = … under {section}.": "{section} に region = … を書いてください。",
    "For profile {profile}, sts_regional_endpoints is {value}, which AWS does not know.": "プロファイル {profile} の sts_regional_endpoints の値 {value} は AWS にありません。",
    "Write sts_regional_endpoints = regional under {section}, or unset AWS_STS_REGIONAL_ENDPOINTS.": "{section} に sts_regional_endpoints = regional と書くか、AWS_STS_REGIONAL_ENDPOINTS の設定を解除してください。",
    "The endpoint of profile {profile} is not a web address: {value}": "プロファイル {profile} のエンドポイントが Web アドレスではありません: {value}",
    "Write it like endpoint_url = https://sts.example.com under {section}, or unset AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL.": "{section} に endpoint_url = https://sts.example.com のように書くか、AWS_ENDPOINT_URL_STS と AWS_ENDPOINT_URL の設定を解除してください。",
    "Profile {profile} uses the section [services {services}], which is missing, empty or malformed.": "プロファイル {profile} が使うセクション [services {services}] が、存在しないか、空か、正しい形ではありません。",
    "Write [services {services}] with an indented endpoint_url = … below sts =, or remove services from {section}.": "[services {services}] を書き、sts = の下にインデントした endpoint_url = … を置くか、{section} から services を削除してください。",
    # core/notices.py
    "Re-authenticate": "再認証",
    "AWS session expires in {minutes} min": "AWS セッションの有効期限まであと {minutes} 分",
    "AWS session expires in less than a minute": "AWS セッションの有効期限まであと 1 分未満",
    "Re-authenticate {identity} now, and nothing is interrupted.": "今 {identity} を再認証すれば、作業は中断されません。",
    "AWS session has expired": "AWS セッションの有効期限切れ",
    "{identity} is locked. Credentials already handed out work until they expire, at most an hour.": "{identity} はロックされました。渡し済みの認証情報は、それぞれの有効期限まで (最長 1 時間) 使えます。",
    "AWS no longer accepts the session": "AWS がセッションを受け付けなくなりました",
    "The session of {identity} was revoked, or its keys were changed.": "{identity} のセッションが取り消されたか、キーが変更されました。",
    "{program}: AWS credentials end in {minutes} min": "{program}: AWS 認証情報の有効期限まであと {minutes} 分",
    "{program}: AWS credentials end now": "{program}: AWS 認証情報の有効期限が切れます",
    "the session lasts as long as --need says, but what AWS gives a role lasts until {time}. What runs longer renews by itself under `trayexec --live {profile} -- …`.": "セッションの残り時間は --need のとおりですが、AWS が発行するロールの認証情報は {time} までです。それより長く動くコマンドは `trayexec --live {profile} -- …` で実行すると自動で更新されます。",
    "Process {pid} has those of {profile} and cannot renew them. What runs this long renews by itself under `trayexec --live {profile} -- …`; --need starts it with more time.": "プロセス {pid} が使っている {profile} の認証情報は更新できません。長く動くコマンドは `trayexec --live {profile} -- …` で実行すると自動で更新されます。--need を付けると、残り時間に余裕を持って起動できます。",
    "No dialog can be shown for the MFA code": "MFA コードのダイアログを表示できません",
    "Enter it on a terminal with `trayexec auth {identity}`.": "端末で `trayexec auth {identity}` を実行して入力してください。",
    # core/overlay.py
    # commands/ownkeys.py
    "Your AWS files hold no access key of {profile} any more.": "AWS ファイルに {profile} のアクセスキーがもうありません。",
    "Put it back, or run the command again in a new shell.": "元に戻すか、新しいシェルでコマンドをもう一度実行してください。",
    # core/refusals.py
    "Unlock it with `trayexec auth {word}` or Authenticate MFA in the tray.": "`trayexec auth {word}` またはトレイの「MFA 認証」でロック解除してください。",
    "Renew it with `trayexec auth {word} --force`.": "`trayexec auth {word} --force` で更新してください。",
    "Run the command again, or unlock with `trayexec auth {word}`.": "コマンドをもう一度実行するか、`trayexec auth {word}` でロック解除してください。",
    "There is no profile {profile}, but {file} has a section [{section}], which AWS's tools take for none.": "プロファイル {profile} はありません。{file} にセクション [{section}] がありますが、AWS のツールはこれをプロファイルと見なしません。",
    "Write {meant} in its place.": "代わりに {meant} と書いてください。",
    "Did you mean one of these: {near}? `trayexec list` shows all of them.": "次のいずれかの間違いではありませんか: {near}。`trayexec list` ですべて確認できます。",
    "`trayexec list` shows the profiles there are; a new one is a section {section} in {file}.": "`trayexec list` でプロファイルを確認できます。新しいプロファイルは {file} の {section} セクションです。",
    "your AWS config": "AWS config ファイル",
    "Did you mean {near}? `trayexec status` shows the identities there are.": "{near} の間違いではありませんか。アイデンティティは `trayexec status` で確認できます。",
    "That code has been used already. Wait for the next one.": "このコードは使用済みです。次のコードを待ってください。",
    "Identity {identity} is locked.": "アイデンティティ {identity} はロックされています。",
    "config.toml wants each use of {profile} confirmed, which this version cannot ask for yet.": "config.toml は {profile} の使用ごとに確認を求めていますが、このバージョンではまだ確認できません。",
    'Set confirm = "never" for it in config.toml, or use another profile.': 'config.toml でこのプロファイルに confirm = "never" を設定するか、別のプロファイルを使ってください。',
    "The session of identity {identity} has less time left than was asked for with --need.": "アイデンティティ {identity} のセッションの残り時間が --need の指定より短くなっています。",
    "Identity {identity} was locked while this waited.": "待っている間にアイデンティティ {identity} がロックされました。",
    "The MFA dialog of identity {identity} was cancelled.": "アイデンティティ {identity} の MFA ダイアログがキャンセルされました。",
    "Nobody entered the MFA code of identity {identity} in time.": "時間内にアイデンティティ {identity} の MFA コードが入力されませんでした。",
    "Enter the six digits that your MFA device shows now.": "MFA デバイスに今表示されている 6 桁の数字を入力してください。",
    "That code has been used already.": "このコードは使用済みです。",
    "AWS takes each code once: the next one appears in {seconds} seconds.": "AWS は同じコードを 1 回しか受け付けません。次のコードは {seconds} 秒後に表示されます。",
    "The screen is locked, so no credentials are handed out.": "画面がロックされているため、認証情報を渡しません。",
    'Unlock the screen, or set on_lock = "keep" under [screen] in config.toml.': '画面のロックを解除するか、config.toml の [screen] で on_lock = "keep" を設定してください。',
    "The new session ends in {minutes} minutes, and more was asked for.": "新しいセッションの残り時間は {minutes} 分で、要求より短くなっています。",
    "Ask for less with --need, or raise duration under [session] in config.toml (36h at most).": "--need の値を小さくするか、config.toml の [session] で duration を大きくしてください (最大 36h)。",
    "AWS gave a session for identity {identity} that has already ended by the clock of this machine.": "このマシンの時計では、AWS が返したアイデンティティ {identity} のセッションの有効期限がすでに切れています。",
    "Check the clock of this machine; if it is right, try again.": "このマシンの時計を確認してください。正しければ、もう一度試してください。",
    "AWS gave credentials for {role} that end within a minute.": "AWS が返した {role} の認証情報は 1 分以内に有効期限が切れます。",
    # core/report.py
    "Lock now": "今すぐロック",
    "No identity yet: run `trayexec keys add default`": "アイデンティティ未設定: `trayexec keys add default` を実行してください",
    "Last uses": "最近の使用",
    "Quit": "終了",
    "Authenticate MFA": "MFA 認証",
    "Authenticate MFA for": "MFA 認証の対象",
    "{identity}: waiting for the code in the dialog": "{identity}: ダイアログでコード待ち",
    "{identity}: waiting for the code on a terminal": "{identity}: ターミナルでコード待ち",
    "{identity}: asking AWS": "{identity}: AWS に確認中",
    "{identity}: locked": "{identity}: ロック中",
    "{identity}: {h} h {m:02} min left": "{identity}: 残り {h} 時間 {m:02} 分",
    "{identity}: {m} min left": "{identity}: 残り {m} 分",
    "{identity}: less than a minute left": "{identity}: 残り 1 分未満",
    "trayexec: no identity yet": "trayexec: アイデンティティ未設定",
    # core/resolve.py
    "Profile {profile} has a role_arn but no source_profile, so nobody can assume the role.": "プロファイル {profile} には role_arn がありますが source_profile がないため、ロールを引き受けられません。",
    "Write source_profile = default under {section}, or the profile that your keys belong to.": "{section} に source_profile = default、またはキーを持つプロファイルを書いてください。",
    "Profile {profile} has source_profile = {source}, but there is no such profile.": "プロファイル {profile} の source_profile = {source} に当たるプロファイルがありません。",
    "Correct source_profile under {section}, or add a section {missing}.": "{section} の source_profile を修正するか、セクション {missing} を追加してください。",
    "The role_arn of profile {profile} is not the ARN of a role: {value}": "プロファイル {profile} の role_arn がロールの ARN ではありません: {value}",
    "Write role_arn = arn:aws:iam::<account>:role/<name> under {section}, with nothing after it on the line, not even a comment.": "{section} に role_arn = arn:aws:iam::<account>:role/<name> と書き、行の後ろにはコメントも付けないでください。",
    "The {key} of profile {profile} has a length or a character that AWS does not allow.": "プロファイル {profile} の {key} の長さまたは文字が AWS で許可されていません。",
    "Correct {key} under {section}: no spaces, no comment after it on the line.": "{section} の {key} を修正してください。空白や行の後ろのコメントは使えません。",
    "The duration_seconds of profile {profile} is not a number from 900 to 43200: {value}": "プロファイル {profile} の duration_seconds が 900 から 43200 までの数値ではありません: {value}",
    "Correct duration_seconds under {section}, or remove the line: the default is 3600.": "{section} の duration_seconds を修正するか、行を削除してください (既定値は 3600)。",
    "No mfa_serial is known for profile {profile}, so no code can be asked for.": "プロファイル {profile} の mfa_serial が分からないため、コードの入力を求められません。",
    "Write mfa_serial = arn:aws:iam::<account>:mfa/<device> under {section}.": "{section} に mfa_serial = arn:aws:iam::<account>:mfa/<device> を書いてください。",
    "The mfa_serial of profile {profile} is a security key or passkey: AWS takes those in a browser only.": "プロファイル {profile} の mfa_serial はセキュリティキーまたはパスキーで、AWS ではブラウザーでしか使えません。",
    "Add an authenticator app to the same IAM user in the AWS console, and write its mfa_serial = arn:aws:iam::<account>:mfa/<device> under {section}.": "AWS コンソールで同じ IAM ユーザーに認証アプリを追加し、その mfa_serial = arn:aws:iam::<account>:mfa/<device> を {section} に書いてください。",
    "The mfa_serial of profile {profile} is not one that AWS could have given out: {value}": "プロファイル {profile} の mfa_serial は AWS が発行する形式ではありません: {value}",
    "Write mfa_serial = arn:aws:iam::<account>:mfa/<device> under {section}, with nothing after it.": "{section} に mfa_serial = arn:aws:iam::<account>:mfa/<device> と書き、行の後ろには何も付けないでください。",
    "The role_arn of profile {profile} is in the partition {role}, but its keys are in {keys}: AWS has no way from one to the other.": "プロファイル {profile} の role_arn はパーティション {role} にありますが、キーは {keys} にあります。AWS ではパーティションをまたげません。",
    "Correct role_arn, source_profile or mfa_serial under {section}.": "{section} の role_arn、source_profile、mfa_serial のいずれかを修正してください。",
    "Profile {profile} has both source_profile and credential_source, and only one can be meant.": "プロファイル {profile} に source_profile と credential_source の両方がありますが、使えるのは一方だけです。",
    "Remove credential_source from {section}.": "{section} から credential_source を削除してください。",
    "Profile {profile} gets its credentials by {key}; trayexec serves the keys of IAM users with MFA.": "プロファイル {profile} は {key} で認証情報を取得します。trayexec が扱うのは MFA を持つ IAM ユーザーのキーです。",
    "Profile {profile} gets its credentials by IAM Identity Center ({key}), not from keys with MFA.": "プロファイル {profile} は MFA 付きのキーではなく、IAM Identity Center ({key}) で認証情報を取得します。",
    "It works as it is, also under `trayexec shell`: log in with aws sso login --profile {name}": "`trayexec shell` の中でも、そのまま使えます。ログイン: aws sso login --profile {name}",
    "Use this profile without trayexec, or write role_arn and source_profile instead under {section}.": "このプロファイルは trayexec なしで使うか、代わりに {section} に role_arn と source_profile を書いてください。",
    "Profile {profile} has {key}, which trayexec does not send.": "プロファイル {profile} の {key} を trayexec は送信しません。",
    "Remove {key} from {section} if the role works without it.": "なくてもロールが使えるなら、{section} から {key} を削除してください。",
    "Profile {profile} has include_profile = {value}, which only aws-vault understands.": "プロファイル {profile} の include_profile = {value} は aws-vault 専用です。",
    "Copy the lines of {value} into {section} and remove include_profile.": "{value} の行を {section} にコピーし、include_profile を削除してください。",
    "Profile {profile} is served by trayexec itself: its credential_process calls trayexec.": "プロファイル {profile} の credential_process は trayexec 自身を呼び出しています。",
    "Ask for the profile that this line names, or write role_arn and source_profile under {section}.": "この行が指すプロファイルを指定するか、{section} に role_arn と source_profile を書いてください。",
    "Profile {profile} gets its credentials by credential_process; trayexec serves the keys of IAM users.": "プロファイル {profile} は credential_process で認証情報を取得します。trayexec が扱うのは IAM ユーザーのキーです。",
    "Use this profile without trayexec, or remove credential_process from {section} and type `trayexec keys add {profile}`.": "このプロファイルは trayexec なしで使うか、{section} から credential_process を削除して `trayexec keys add {profile}` を実行してください。",
    "Profile {profile} has a source_profile but no role_arn, so it is not clear whose rights it has.": "プロファイル {profile} には source_profile がありますが role_arn がないため、どの権限を使うのか分かりません。",
    "Write role_arn = arn:aws:iam::<account>:role/<name> under {section}, or remove source_profile.": "{section} に role_arn = arn:aws:iam::<account>:role/<name> を書くか、source_profile を削除してください。",
    "Profile {profile} and its sources go round in a loop: {chain}": "プロファイル {profile} とその参照元が循環しています: {chain}",
    "One of them must have the keys: remove role_arn and source_profile from {section}, or let source_profile name the profile that your keys belong to.": "どれか 1 つがキーを持つ必要があります。{section} から role_arn と source_profile を削除するか、source_profile にキーを持つプロファイルを指定してください。",
    "The chain of sources of profile {profile} is longer than {limit} roles.": "プロファイル {profile} の参照元の連鎖がロール {limit} 個を超えています。",
    "Let source_profile under {section} name a profile nearer to the keys.": "{section} の source_profile に、キーにもっと近いプロファイルを指定してください。",
    "Profile {profile} needs a profile that has a problem ({chain}). {reason}": "プロファイル {profile} が必要とするプロファイルに問題があります ({chain})。{reason}",
    # core/sections.py
    "Profile {profile} has an indented block where {key} needs one value.": "プロファイル {profile} では、1 つの値が必要な {key} にインデントされたブロックがあります。",
    "Write {key} = … on one line under {section}.": "{section} に {key} = … を 1 行で書いてください。",
    # core/sessions.py
    "Waiting for the MFA code of identity {identity}: enter it with `trayexec auth {identity}`": "アイデンティティ {identity} の MFA コードを待っています。`trayexec auth {identity}` で入力してください",
    "Waiting for the MFA code of identity {identity} in the dialog": "アイデンティティ {identity} の MFA コードがダイアログに入力されるのを待っています",
    # core/settings.py
    "Write [{key}] on a line of its own and the settings below it.": "[{key}] を単独の行に書き、その下に設定を書いてください。",
    'Write a duration from {least} to {most}, like "45s", "15m" or "1h30m".': '{least} から {most} までの時間を "45s"、"15m"、"1h30m" のように書いてください。',
    'Write a list of durations, like ["15m", "5m"], or [] for no warning.': '["15m", "5m"] のような時間のリストを書いてください。警告が不要なら [] です。',
    "Write one of: {choices}; or a command that prints the code.": "次のいずれか、またはコードを出力するコマンドを書いてください: {choices}",
    "Name a group without spaces, commas, @ in front, or the signs * ? [ ].": "グループ名には、空白、コンマ、先頭の @、記号 * ? [ ] を使えません。",
    'Write a list of profile names or patterns, like ["prod-*", "account-a"].': '["prod-*", "account-a"] のようなプロファイル名またはパターンのリストを書いてください。',
    'Write a profile name or a pattern, like [profile."prod-*"].': '[profile."prod-*"] のようにプロファイル名またはパターンを書いてください。',
    'Write "never", "always", or how long one confirmation holds, from 1m to 36h, like "30m".': '"never"、"always"、または一度の確認が有効な時間 (1m から 36h まで) を "30m" のように書いてください。',
    "Write one of: {choices}; or #rrggbb.": "次のいずれか、または #rrggbb を書いてください: {choices}",
    "Line {line} of {file}: {key} cannot be {value}.": "{file} の {line} 行目: {key} に {value} は指定できません。",
    "Line {line} of {file}: there is no setting {key}.": "{file} の {line} 行目: {key} という設定はありません。",
    "Did you mean {guess}? Allowed here: {choices}": "{guess} の間違いではありませんか。ここで使えるもの: {choices}",
    "Remove it. Allowed here: {choices}": "削除してください。ここで使えるもの: {choices}",
    "nested too deeply, or a number too long": "入れ子が深すぎるか、数値が長すぎます",
    "Line {line} of {file} is not valid TOML: {reason}.": "{file} の {line} 行目は正しい TOML ではありません: {reason}。",
    'Correct the line: settings are written like duration = "12h", with quotes around words.': '行を修正してください。設定は duration = "12h" のように、文字列を引用符で囲んで書きます。',
    # core/signin.py
    "Where the console of the AWS partition {partition} is, trayexec does not know.": "AWS パーティション {partition} のコンソールの場所が分かりません。",
    "Sign in there as you do without trayexec.": "trayexec を使わない方法でサインインしてください。",
    "{region} is not a region of the AWS partition {partition}, where the role is.": "{region} は、ロールのある AWS パーティション {partition} のリージョンではありません。",
    "Name one with --region, such as {first}.": "{first} などを --region で指定してください。",
    "{service} is not the name of a service.": "{service} はサービスの名前ではありません。",
    "Write it as in the console's own addresses: s3, ec2, cloudformation, cloudwatch.": "コンソールのアドレスと同じように書いてください: s3、ec2、cloudformation、cloudwatch",
    "Credentials are not sent to the sign-in endpoint {url}.": "サインインのエンドポイント {url} には認証情報を送信しません。",
    "Correct or unset AWS_ENDPOINT_URL_SIGNIN: it begins with https://.": "AWS_ENDPOINT_URL_SIGNIN を修正するか、設定を解除してください (https:// で始まります)。",
    # core/visits.py
    "Only GET is answered here.": "ここでは GET だけに応答します。",
    "The request was meant for another host.": "別のホストへのリクエストです。",
    "Browsers and proxies get no credentials here.": "ブラウザーやプロキシには認証情報を渡しません。",
    "The token is none that is in force.": "このトークンは有効ではありません。",
    "It ends with the `trayexec --server` that it was made for: run the command through that again.": "トークンは発行元の `trayexec --server` とともに無効になります。もう一度それを通してコマンドを実行してください。",
    "There is nothing at this path.": "このパスには何もありません。",
    # daemon/app.py
    "Your AWS files": "AWS ファイルについて",
    # daemon/endpoint.py
    "The request took too long.": "リクエストに時間がかかりすぎました。",
    "The request's token and port are none of ours.": "リクエストのトークンとポートが trayexec のものではありません。",
    "Correct the caller.": "呼び出し元を修正してください。",
    "AWS has not answered yet for {profile}.": "{profile} について AWS からまだ応答がありません。",
    "Try again in a moment.": "少し待って、もう一度試してください。",
    "The command that this token was made for has ended.": "このトークンの発行対象のコマンドは終了しました。",
    "Another command holds this token.": "別のコマンドがこのトークンを使用しています。",
    "Run the command again.": "コマンドをもう一度実行してください。",
    "The endpoint cannot listen on 127.0.0.1: {why}.": "エンドポイントが 127.0.0.1 で待機できません: {why}。",
    "Run the command again: it gets another port.": "コマンドをもう一度実行してください。別のポートを使います。",
    # daemon/loop.py
    "Try again. If it keeps happening, please report it with the last lines of the agent's log.": "もう一度試してください。続く場合は、エージェントのログの最後の行を添えて報告してください。",
    # daemon/requests.py
    "That is not a request: {why}.": "リクエストではありません: {why}。",
    "Send one JSON object on one line.": "JSON オブジェクト 1 つを 1 行で送ってください。",
    "the name of a profile": "プロファイルの名前",
    "This agent does not know the request {op}.": "このエージェントはリクエスト {op} に対応していません。",
    "This agent does not speak version {theirs}.": "このエージェントはバージョン {theirs} に対応していません。",
    "It is trayexec {version} and speaks version {ours}, you sent version {theirs}. After an update, run `trayexec agent stop`: the next command starts the new agent.": "エージェントは trayexec {version} (プロトコル {ours}) で、受け取ったバージョンは {theirs} です。更新後は `trayexec agent stop` を実行してください。次のコマンドが新しいエージェントを起動します。",
    "The request's {key} is not {wanted}.": "リクエストの {key} が正しくありません。必要なもの: {wanted}。",
    "Correct the program that sent it.": "送信したプログラムを修正してください。",
    "a short text": "短いテキスト",
    "an absolute path": "絶対パス",
    "a number of seconds from 0 to {most}": "0 から {most} までの秒数",
    # daemon/service.py
    "Something went wrong inside trayexec.": "trayexec の内部で問題が起きました。",
    "Try again; the agent's log says more.": "もう一度試してください。詳しくはエージェントのログにあります。",
    "There are several identities: {names}.": "アイデンティティが複数あります: {names}。",
    "Name one of them, as in `trayexec auth {first}`.": "`trayexec auth {first}` のように 1 つを指定してください。",
    "There is no identity {name}.": "アイデンティティ {name} はありません。",
    "`trayexec status` shows the identities there are.": "アイデンティティは `trayexec status` で確認できます。",
    "No profile in the AWS config leads to an identity with an MFA device.": "MFA デバイスを持つアイデンティティにつながるプロファイルが AWS config にありません。",
    "Write mfa_serial into ~/.aws/config, then run `trayexec keys add default`; `trayexec list` says more.": "~/.aws/config に mfa_serial を書いてから `trayexec keys add default` を実行してください。詳しくは `trayexec list` で確認できます。",
    # durations.py
    "{value} is not a duration: write it like 90s, 15m, 1h30m or 2d": "{value} は時間として正しくありません (90s、15m、1h30m、2d のように書きます)",
    "{value} is too long: at most {most}": "{value} は長すぎます (最大 {most})",
    # hook.py
    "A shell's name follows `hook`.": "`hook` の後にシェルの名前を指定してください。",
    'Usage: eval "$(trayexec hook bash)" in ~/.bashrc; or zsh, fish, direnv': '使い方: ~/.bashrc に eval "$(trayexec hook bash)" を書きます。zsh、fish、direnv も使えます',
    "Stop it with `trayexec agent stop`, then try again.": "`trayexec agent stop` で停止して、もう一度試してください。",
    # process.py
    "The credentials of {profile} are asked for by the very command that is to provide them.": "{profile} の認証情報を用意するコマンド自身が、その認証情報を要求しています。",
    "Let that command use another profile: TRAYEXEC_CHAIN says which ones are taken.": "そのコマンドで別のプロファイルを使ってください。使用中のものは TRAYEXEC_CHAIN で分かります。",
    "One profile follows `credential-process`.": "`credential-process` の後にプロファイルを 1 つ指定してください。",
    "Usage: trayexec credential-process PROFILE [--wait S]": "使い方: trayexec credential-process PROFILE [--wait S]",
}

HELP = """\
使い方: trayexec [--region R] [--need 2h] [--wait S | --no-wait] PROFILE -- CMD…
        trayexec [OPTION…] PROFILE|GLOB|@GROUP… -- CMD…
        trayexec --live [PROFILE] -- CMD…
        trayexec --server PROFILE -- CMD…
        trayexec VERB …

朝に一度 MFA コードを入力すれば、その日はすべての AWS アカウントを使えます。ディスクにキーは残りません。

プロファイルの認証情報でコマンドを実行する:
  PROFILE -- CMD…      行に `--` があれば実行です。コマンドがこのプロセスに置き換わるので、ターミナル、
                       シグナル、終了ステータスはコマンド自身のものです
  --region R           プロファイルに関係なく、コマンドで使うリージョン
  --need 2h            残り時間がこれより短ければ先に更新します (90s、15m、1h30m)
  --wait S             コードが入力されるのを待つ時間 (120 秒)。--no-wait を付けると待ちません
  --profile NAME       名前がほかのものに見えるプロファイルを指定します: -x、@home、star*。サブコマンドでも使えます
  --live [PROFILE]     CMD の実行中、認証情報が自動で更新されます。中では AWS_PROFILE でどのプロファイルも
                       選べます。`aws configure` などは自分の ~/.aws/config を変更します
  --server PROFILE     プログラムを呼び出して認証情報を取得できないもの向けに、認証情報を自動で更新します。
                       CMD には 127.0.0.1 のコンテナーエンドポイントのアドレスと、CMD の終了とともに
                       無効になるトークンを渡します

複数のプロファイルで並行して 1 回ずつ実行する:
  P1 'prod-*' @group -- CMD…
                       名前、glob、config.toml の [groups] のグループ。同じプロファイルは 1 回だけです。先に
                       すべての認証情報を取得します。CMD には TRAYEXEC_PROFILE と TRAYEXEC_ACCOUNT を渡し、
                       標準入力は空で、ターミナルはありません
  --except GLOB        名前、glob、@group に当たるものを除外します。繰り返し指定できます
  --jobs N             同時に実行する数 (8)
  --output prefix      `[account-a] line` の形で届いた順に出力します。1 MiB を超える行の続きは `[account-a]+` の後です
  --output grouped     プロファイルごとに、終了したときにまとめて出力します
  --output json        プロファイルごとに 1 つのオブジェクト: profile, account, status, seconds, stdout, stderr,
                       replaced, error
  --output dir=PATH    PATH/account-a.out と PATH/account-a.err
  --dry-run            どのプロファイルで実行するかを表示するだけです
  --keep-going         認証情報を取得できないものがあっても、残りを実行します。付けなければ何も実行しません
  --fail-fast          最初に失敗したときに、残りを終了させ、新しく始めません
  --retry-failed       前回の実行で成功しなかったもの
  --yes                ターミナルで 10 個を超えるプロファイルを実行するときの確認を省略します

サブコマンド:
  shell [PROFILE]      --live の中でシェルを起動します。プロンプトには TRAYEXEC_PROFILE を使えます
  auth [IDENTITY]      MFA コードを求めてロック解除します。--force は有効なセッションも更新し、--code-stdin は
                       コードを標準入力から読み取ります
  lock [IDENTITY]      セッションとロールの認証情報を今すぐ消去します
  status               アイデンティティと残り時間
  list                 プロファイル、アカウント、ロール、状態、問題点
  env PROFILE          別のツールのために認証情報を出力します: --format sh (eval 用)、fish、pwsh、dotenv、json、
                       ini。--region、--need、--wait、--no-wait は実行時と同じです
  console PROFILE      プロファイルのロールでサインインした AWS コンソールをブラウザーで開きます。--service s3 は
                       そのサービスを、--region はそのリージョンを開き、--print はアドレスを表示します。
                       --duration 45m はセッションがその時間続くことを保証します (最大 1 時間)
  log                  誰がいつ、どのプログラムから、どのプロファイルを要求し、どう応答したか。-n N は最後の N 件
                       だけを表示し、--follow は続きも表示します
  keys add PROFILE     長期キーをこのデスクトップのキーチェーンに保存します。--env は AWS_ACCESS_KEY_ID と
                       AWS_SECRET_ACCESS_KEY から読み取ります
  keys list            AWS config のアイデンティティと、キーが保存されているかどうか
  keys remove PROFILE  キーをキーチェーンから削除します
  credential-process PROFILE
                       ~/.aws/config 用に、AWS の credential_process の文書を出力します。--wait S は実行時と
                       同じです (50 秒)
  hook bash|zsh|fish   シェルのコード: 今のシェルで AWS_PROFILE=account-a が使えるようになり、補完も付きます
  hook direnv          ~/.config/direnv/direnvrc 用のコード: .envrc に `use trayexec account-a` と書けます
  doctor               このマシンやシェルで妨げになっているもの
  why PROFILE          プロファイルがどのように解決されるかを順に表示します
  agent                エージェントをフォアグラウンドで実行します。--headless を付けるとアイコンを出しません
  agent start | stop   エージェントをバックグラウンドで起動、停止します。必要になれば最初のコマンドが起動します
  version · help       バージョンを表示 · このヘルプを表示

`status`、`list`、`log`、`keys list`、`doctor`、`why` では --json を使えます。

終了ステータス: コマンド自身のもの。127 は見つからない、126 は実行できない (どちらも入力を求める前に判定)、125 は
trayexec が処理できない、2 は使い方の誤り。複数のプロファイルでは、0 はすべて成功、123 は失敗したコマンドがある、
125 は認証情報を取得できないプロファイルがある。

環境変数: TRAYEXEC_SOCKET はプライベートソケットを指定します。TRAYEXEC_NO_AUTOSTART=1 を設定すると、コマンドは
エージェントを起動しません。AWS_CONFIG_FILE と AWS_SHARED_CREDENTIALS_FILE はプロジェクトごとの設定でも有効です。

設定: ~/.config/trayexec の config.toml。trayexec(1) を参照してください。
"""
